# "DB Focal*": DB Focal (Wu et al., ECCV 2020) in this paper's network and setting, without DB loss's neck.
# Paper (Table 1): VOC-LT 78.42 mAP.
_base_ = './voc_lt_baseline_rebalanced.py'

model = dict(
    head=dict(
        loss=dict(
            _delete_=True,
            type='DistributionBalancedLoss',
            map_alpha=0.1,
            map_beta=10.0,
            map_mu=0.3,
            neg_scale=5.0,
            init_bias=0.05,
            focal_gamma=2.0,
            balance=2.0,
        )
    )
)

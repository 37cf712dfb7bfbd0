# DB Focal (Wu et al., ECCV 2020), class-aware sampling. Paper: VOC-LT 78.94 mAP.
_base_ = './voc_lt_rs.py'

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

# DB Focal (Wu et al., ECCV 2020), class-aware sampling. Paper: VOC-LT 78.94 mAP.
# Ours: 54.19, 53.06 mAP on VOC-LT′ (seeds 0, 1; MobileNetV1, 128 px, 960 iterations; 1 thread of 2 CPU cores).
#   python tools/train.py configs/baselines/multilabel/voc_lt_db_focal.py
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

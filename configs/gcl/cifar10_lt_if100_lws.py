# Stage 2 learns one factor per class (LWS) instead of the classifier. Paper (Table 5): 82.25 top-1.
_base_ = './cifar10_lt_if100.py'

model = dict(
    head=dict(
        _delete_=True,
        type='LearnableWeightScalingHead',
        classifier=dict(
            type='CosineHead',
            num_classes=_base_.num_classes,
            in_channels=64,
            loss=dict(type='GCLLoss', cloud='log', noise_mul=0.5, scale=20.0, margin=0.1, focal_gamma=1.0),
        ),
    )
)

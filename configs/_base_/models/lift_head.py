# LIFT's classifier (Shi et al., ICML 2024): cosines times 25, logit adjustment in training.
model = dict(
    type='ImageClassifier',
    head=dict(
        type='CosineHead',
        in_channels=768,
        scale=25.0,
        topk=(1,),
        loss=dict(type='LogitAdjustmentLoss', tau=1.0),
    ),
)

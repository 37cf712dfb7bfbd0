# One branch that learns from both samplings. Paper (Table 3): VOC-LT 77.85 mAP.
_base_ = './voc_lt.py'

model = dict(
    num_branches=1,
    head=dict(
        loss=dict(
            streams=[['uniform', 'rebalanced']],
            classification=dict(_delete_=True, type='FrequencyWeightedBCELoss'),
            consistency=None,
        ),
    ),
)

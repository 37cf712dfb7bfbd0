# Two branches, neither consistency nor compensation. Paper (Table 2): COCO-LT 54.71 mAP.
_base_ = './coco_lt.py'

model = dict(
    head=dict(
        loss=dict(classification=dict(_delete_=True, type='FrequencyWeightedBCELoss'), consistency=None),
    )
)

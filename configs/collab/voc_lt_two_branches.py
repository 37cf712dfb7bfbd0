# Two branches, neither consistency nor compensation. Paper (Table 2): VOC-LT 79.42 mAP.
_base_ = './voc_lt.py'

model = dict(
    head=dict(
        loss=dict(classification=dict(_delete_=True, type='FrequencyWeightedBCELoss'), consistency=None),
    )
)

# Two branches and logit consistency, no compensation. Paper (Table 2): COCO-LT 56.62 mAP.
_base_ = './coco_lt.py'

model = dict(head=dict(loss=dict(classification=dict(_delete_=True, type='FrequencyWeightedBCELoss'))))

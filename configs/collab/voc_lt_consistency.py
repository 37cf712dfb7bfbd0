# Two branches and logit consistency, no compensation. Paper (Table 2): VOC-LT 81.22 mAP.
_base_ = './voc_lt.py'

model = dict(head=dict(loss=dict(classification=dict(_delete_=True, type='FrequencyWeightedBCELoss'))))

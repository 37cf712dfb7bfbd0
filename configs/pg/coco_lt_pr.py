# PR alone: lambda_1^- and lambda_1^+ raised, not adaptive, no focal factor. Paper (Table 3): COCO-LT 53.66 mAP.
_base_ = './coco_lt.py'

model = dict(head=dict(loss=dict(adaptive=[], focal=None)))

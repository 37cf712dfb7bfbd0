# PR alone: lambda_1^- and lambda_2^+ raised, not adaptive, no focal factor. Paper (Table 3): VOC-LT 78.44 mAP.
_base_ = './voc_lt.py'

model = dict(head=dict(loss=dict(adaptive=[], focal=None)))

# lambda_1^- fixed, lambda_2^+ adaptive, adaptive focal factor. Paper (Table 4): VOC-LT 79.70 mAP.
_base_ = './voc_lt.py'

model = dict(head=dict(loss=dict(adaptive=['pos_divisor'])))

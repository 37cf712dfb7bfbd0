# lambda_1^- fixed, lambda_1^+ adaptive, adaptive focal factor. Paper (Table 4): COCO-LT 54.18 mAP.
_base_ = './coco_lt.py'

model = dict(head=dict(loss=dict(adaptive=['pos_scale'])))

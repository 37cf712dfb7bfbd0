# Both raised factors adaptive, adaptive focal factor. Paper (Table 4): COCO-LT 54.22 mAP.
_base_ = './coco_lt.py'

model = dict(head=dict(loss=dict(adaptive=['neg_scale', 'pos_scale'])))

# Both raised factors fixed, adaptive focal factor. Paper (Table 4): COCO-LT 54.08 mAP.
_base_ = './coco_lt.py'

model = dict(head=dict(loss=dict(adaptive=[])))

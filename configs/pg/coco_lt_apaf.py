# The adaptive focal factor alone: neither factors nor class bias. Paper (Table 5): COCO-LT 50.79 mAP.
_base_ = './coco_lt.py'

model = dict(head=dict(loss=dict(neg_scale=1.0, neg_divisor=1.0, pos_scale=1.0, adaptive=[], init_bias=0.0)))

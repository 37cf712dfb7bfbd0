# The adaptive focal factor alone: neither factors nor class bias. Paper (Table 5): VOC-LT 76.77 mAP.
_base_ = './voc_lt.py'

model = dict(
    head=dict(loss=dict(neg_scale=1.0, neg_divisor=1.0, pos_divisor=1.0, adaptive=[], init_bias=0.0))
)

# Both raised factors adaptive, adaptive focal factor. Paper (Table 4): VOC-LT 79.95 mAP.
_base_ = './voc_lt.py'

model = dict(head=dict(loss=dict(adaptive=['neg_scale', 'pos_divisor'])))

# Both raised factors fixed, adaptive focal factor. Paper (Table 4): VOC-LT 79.46 mAP.
_base_ = './voc_lt.py'

model = dict(head=dict(loss=dict(adaptive=[])))

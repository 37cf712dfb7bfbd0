# Plain focal factors alone, class-aware sampling. Paper (Table 5): VOC-LT 76.86 mAP.
_base_ = './voc_lt_apaf.py'

model = dict(head=dict(loss=dict(focal='fixed')))

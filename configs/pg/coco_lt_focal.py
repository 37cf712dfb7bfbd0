# Plain focal factors alone, class-aware sampling. Paper (Table 5): COCO-LT 50.20 mAP.
_base_ = './coco_lt_apaf.py'

model = dict(head=dict(loss=dict(focal='fixed')))

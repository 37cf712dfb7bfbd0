# DB loss (Wu et al., ECCV 2020) without its focal factor. Paper (Lin, 2022, Table 3): COCO-LT 51.91 mAP.
_base_ = './coco_lt_db_focal.py'

model = dict(head=dict(loss=dict(focal_gamma=0.0, balance=1.0)))

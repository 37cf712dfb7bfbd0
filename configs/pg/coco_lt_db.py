# DB loss without focal factor at the learning rate of PG. Paper (Table 3): COCO-LT 51.91 mAP.
_base_ = '../baselines/multilabel/coco_lt_db.py'

optim_wrapper = dict(optimizer=dict(lr=0.01))

# DB loss without focal factor at the learning rate of PG. Paper (Table 3): VOC-LT 77.29 mAP.
_base_ = '../baselines/multilabel/voc_lt_db.py'

optim_wrapper = dict(optimizer=dict(lr=8e-3))

# PR alone, lambda_2^+ raised. Paper (Table 3): VOC-LT 77.56 mAP.
_base_ = './voc_lt_pr.py'

model = dict(head=dict(loss=dict(neg_scale=5.0)))

# PR alone, lambda_1^- raised. Paper (Table 3): VOC-LT 77.85 mAP.
_base_ = './voc_lt_pr.py'

model = dict(head=dict(loss=dict(pos_divisor=1.0)))

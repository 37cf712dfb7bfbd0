# PR alone, lambda_1^+ raised. Paper (Table 3): COCO-LT 52.82 mAP.
_base_ = './coco_lt_pr.py'

model = dict(head=dict(loss=dict(neg_scale=2.0)))

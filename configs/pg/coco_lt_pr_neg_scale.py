# PR alone, lambda_1^- raised. Paper (Table 3): COCO-LT 52.24 mAP.
_base_ = './coco_lt_pr.py'

model = dict(head=dict(loss=dict(pos_scale=1.0)))

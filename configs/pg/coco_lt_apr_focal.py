# PR with adaptive lambda_1^- and plain focal factors. Paper (Table 5): COCO-LT 54.24 mAP.
_base_ = './coco_lt.py'

model = dict(head=dict(loss=dict(focal='fixed')))

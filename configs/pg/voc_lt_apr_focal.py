# PR with adaptive lambda_1^- and plain focal factors. Paper (Table 5): VOC-LT 79.14 mAP.
_base_ = './voc_lt.py'

model = dict(head=dict(loss=dict(focal='fixed')))

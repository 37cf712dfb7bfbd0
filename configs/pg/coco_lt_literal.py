# lambda_1^- and lambda_1^+ adaptive, "just as APAF" read literally: lambda_1^+ follows p+ / p-, which widens the gap.
_base_ = './coco_lt.py'

model = dict(head=dict(loss=dict(adaptive=['neg_scale', 'pos_scale'], adaptive_rule='literal')))

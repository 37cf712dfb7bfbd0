# Cross-entropy in NCL++'s augmentation and schedule on Places-LT; not in the paper.
_base_ = './places_lt_bsce.py'

model = dict(head=dict(loss=dict(type='CrossEntropyLoss')))

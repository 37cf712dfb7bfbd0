# Cross-entropy in NCL++'s augmentation and schedule on iNaturalist 2018; not in the paper.
_base_ = './inaturalist2018_bsce.py'

model = dict(head=dict(loss=dict(type='CrossEntropyLoss')))

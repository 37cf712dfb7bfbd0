# Readings (a) and (b): balance factor 2, and the focal factor on the scaled logit, as in DB loss's code.
_base_ = './voc_lt_balance.py'

model = dict(head=dict(loss=dict(focal_on='scaled')))

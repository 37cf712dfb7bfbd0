# Reading (a): the full loss times DB loss's balance factor of 2. The paper does not say whether it stays.
_base_ = './coco_lt.py'

model = dict(head=dict(loss=dict(balance=2.0)))

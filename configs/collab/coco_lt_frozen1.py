# The full method with the stem and the first stage frozen, as DB loss's code has it; the paper does not say.
_base_ = './coco_lt.py'

model = dict(backbone=dict(frozen_stages=1))

# Reading (a): the full loss times DB loss's balance factor of 2. The paper does not say whether it stays.
# Ours: 53.20 mAP on VOC-LT′ (seed 0; MobileNetV1, 128 px, 960 iterations; 1 thread of 2 CPU cores).
#   python tools/train.py configs/pg/voc_lt_balance.py
_base_ = './voc_lt.py'

model = dict(head=dict(loss=dict(balance=2.0)))

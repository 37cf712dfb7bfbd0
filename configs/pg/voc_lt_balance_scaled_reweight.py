# Readings (a), (b) and (c): balance factor 2, focal factor on the scaled logit, DB loss's weight: DB loss's code with
# other factors.
# Ours: 53.82 mAP on VOC-LT′ (seed 0; MobileNetV1, 128 px, 960 iterations; 1 thread of 2 CPU cores).
#   python tools/train.py configs/pg/voc_lt_balance_scaled_reweight.py
_base_ = './voc_lt_balance_scaled.py'

model = dict(head=dict(loss=dict(reweight=dict(alpha=0.1, beta=10.0, mu=0.3))))

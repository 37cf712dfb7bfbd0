# Readings (a), (b) and (c): balance factor 2, focal factor on the scaled logit, DB loss's weight: DB loss's code with
# other factors.
_base_ = './coco_lt_balance_scaled.py'

model = dict(head=dict(loss=dict(reweight=dict(alpha=0.1, beta=10.0, mu=0.2))))

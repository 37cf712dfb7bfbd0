# The full method with weight 1 of the consistency (Fig. 6).
_base_ = './voc_lt.py'

model = dict(head=dict(loss=dict(consistency=dict(loss_weight=1.0))))

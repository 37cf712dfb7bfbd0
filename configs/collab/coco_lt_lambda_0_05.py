# The full method with weight 0.05 of the consistency (Fig. 6).
_base_ = './coco_lt.py'

model = dict(head=dict(loss=dict(consistency=dict(loss_weight=0.05))))

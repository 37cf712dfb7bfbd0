# The full method with weight 0.2 of the consistency (Fig. 6). Paper: VOC-LT 81.49 mAP, its best.
_base_ = './voc_lt.py'

model = dict(head=dict(loss=dict(consistency=dict(loss_weight=0.2))))

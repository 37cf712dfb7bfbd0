# The full method with consistency of probabilities instead of logits. Paper (Table 4): VOC-LT 80.32 mAP.
_base_ = './voc_lt.py'

model = dict(head=dict(loss=dict(consistency=dict(space='probability'))))

# The full method with consistency of probabilities instead of logits. Paper (Table 4): no number for COCO-LT.
_base_ = './coco_lt.py'

model = dict(head=dict(loss=dict(consistency=dict(space='probability'))))

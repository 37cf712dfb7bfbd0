# Menon et al., Long-Tail Learning via Logit Adjustment, ICLR 2021: logit-adjusted cross-entropy. With tau 1 it is
# balanced softmax, which takes more from the frequent classes.
#   python tools/train.py configs/demo/logit_adjustment.py
_base_ = './ce.py'

model = dict(head=dict(loss=dict(_delete_=True, type='LogitAdjustmentLoss', tau=0.5)))

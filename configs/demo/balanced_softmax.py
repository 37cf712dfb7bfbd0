# Ren et al., Balanced Meta-Softmax for Long-Tailed Visual Recognition, NeurIPS 2020: balanced softmax.
#   python tools/train.py configs/demo/balanced_softmax.py
_base_ = './ce.py'

model = dict(head=dict(loss=dict(_delete_=True, type='BalancedSoftmaxLoss')))

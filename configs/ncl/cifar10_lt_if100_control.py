# Control of cifar10_lt_if100: its experts, copies and hard categories without any agreement,
# which is lambda = 0 in Fig. 5 (b).
_base_ = './cifar10_lt_if100.py'

model = dict(head=dict(loss=dict(inter=None, intra=None)))

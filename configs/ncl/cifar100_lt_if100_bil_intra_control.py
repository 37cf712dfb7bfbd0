# Control of cifar100_lt_if100_bil_intra: its one expert on its four copies, without the agreement. Not in the paper.
_base_ = './cifar100_lt_if100_bil_intra.py'

model = dict(head=dict(loss=dict(intra=None)))

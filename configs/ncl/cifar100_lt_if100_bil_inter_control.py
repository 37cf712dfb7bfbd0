# Control of cifar100_lt_if100_bil_inter: its two experts on its one copy, without the agreement. Not in the paper.
_base_ = './cifar100_lt_if100_bil_inter.py'

model = dict(head=dict(loss=dict(inter=None)))

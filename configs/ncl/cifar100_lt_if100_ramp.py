# cifar100_lt_if100 with lambda rising from 0 in the first fifth of the epochs. Not in the paper.
_base_ = './cifar100_lt_if100.py'

model = dict(head=dict(loss=dict(inter=dict(ramp=0.2), intra=dict(ramp=0.2))))
default_hooks = dict(training_progress=dict(type='TrainingProgressHook'))

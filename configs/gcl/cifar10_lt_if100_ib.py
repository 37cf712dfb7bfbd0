# Stage 2 with instance-balanced sampling. Paper (Table 5): 80.41 top-1.
_base_ = './cifar10_lt_if100.py'

train_dataloader = dict(sampler=dict(_delete_=True, type='InstanceBalancedSampler'))

# Stage 2 with class-balanced sampling. Paper (Table 5): 82.43 top-1.
_base_ = './cifar10_lt_if100.py'

train_dataloader = dict(sampler=dict(_delete_=True, type='ClassBalancedSampler'))

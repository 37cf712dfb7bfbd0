# Stage 2 with effective-number sampling. Paper (Table 5): 82.47 top-1.
_base_ = './cifar10_lt_if100.py'

train_dataloader = dict(sampler=dict(_delete_=True, type='EffectiveNumberSampler', beta=0.9999))

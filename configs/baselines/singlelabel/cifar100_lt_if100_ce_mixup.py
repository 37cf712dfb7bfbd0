# CE on mixed images (mixup, alpha = 1). Paper (Li et al., CVPR 2022): CIFAR-100-LT IF 100 40.01 top-1.
# Ours: 28.68 top-1 on CIFAR-100-LT′-IF100 (seed 0; CifarResNet-32, 32 px, 5100 iterations instead of 34,000; 1 thread
# of 2 CPU cores).
#   python tools/train.py configs/baselines/singlelabel/cifar100_lt_if100_ce_mixup.py
_base_ = './cifar100_lt_if100_ce.py'

data_preprocessor = dict(to_onehot=True)
model = dict(train_cfg=dict(augments=dict(type='Mixup', alpha=1.0)))

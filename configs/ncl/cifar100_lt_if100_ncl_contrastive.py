# NCL (Li et al., CVPR 2022) with its contrastive term: three experts, each with a slow copy, and 1,024 keys of length
# 64, as in the authors' config. Their key view has an augmentation of its own, SimCLR's; here it has the query's.
# Paper: CIFAR-100-LT IF 100 53.3 / 54.2 top-1, one expert / ensemble (NCL++'s Tables 1 and 10).
#   python tools/train.py configs/ncl/cifar100_lt_if100_ncl_contrastive.py
_base_ = './cifar100_lt_if100_ncl.py'

data_preprocessor = dict(num_views=2)  # one to learn from, one for the keys
model = dict(contrast=dict(type='MomentumContrast', in_channels=64, queue_len=1024, feat_dim=64))

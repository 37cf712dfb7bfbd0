# NCL (Li et al., CVPR 2022) without its contrastive term: three experts, one copy, no IntraCL.
_base_ = './cifar100_lt_if100.py'

data_preprocessor = dict(num_views=1)
model = dict(num_branches=3, head=dict(loss=dict(intra=None)))

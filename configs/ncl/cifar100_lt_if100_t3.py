# Two experts, 3 copies of each image.
_base_ = './cifar100_lt_if100.py'

data_preprocessor = dict(num_views=3)

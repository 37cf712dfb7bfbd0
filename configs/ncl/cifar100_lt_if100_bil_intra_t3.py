# Fig. 6 (a): IntraCL alone, one expert, 3 copies of each image.
_base_ = './cifar100_lt_if100_bil_intra.py'

data_preprocessor = dict(num_views=3)

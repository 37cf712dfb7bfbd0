# Tan et al., NCL++: Nested Collaborative Learning for Long-Tailed Visual Recognition, 2023: two ResNet-32, four
# augmented copies of each image, 400 epochs in batches of 64 images.
# Paper: CIFAR-100-LT IF 100 54.8 / 56.3 top-1, one expert / ensemble.
# Ours: not measured. The forward pass of a training image takes 0.556 G multiply-adds, a batch keeps 1191 MiB for the
# backward pass; on one thread of 2 CPU cores it trains 0.11 times the images/s of cifar100_lt_if100_bsce.py.
#   python tools/train.py configs/ncl/cifar100_lt_if100.py
_base_ = [
    '../_base_/datasets/cifar100_lt_strong.py',
    '../_base_/models/ncl_resnet32.py',
    '../_base_/schedules/cifar_400e.py',
    '../_base_/default_runtime.py',
]

data_preprocessor = dict(num_views=4)
model = dict(head=dict(expert=dict(num_classes=_base_.num_classes)))
val_evaluator = dict(_delete_=True, type='PerExpertMetric', metric=_base_.val_evaluator)
test_evaluator = val_evaluator

# LIFT on CIFAR-100-LT, imbalance factor 10, with a ViT-B/16 of ImageNet-21k. Paper: 91.3 top-1.
_base_ = './cifar100_lt_if100_lift_in21k.py'

train_dataloader = dict(dataset=dict(imbalance_factor=10))
means = dict(_base_.means, dataset=dict(_base_.means.dataset, imbalance_factor=10))
default_hooks = dict(classifier_start=dict(_delete_=True, type='ClassifierStartHook', dataloader=means))

# LIFT on CIFAR-100-LT, imbalance factor 100, with a ViT-B/16 of ImageNet-21k, whose classifier starts from class means.
# Paper: 89.1 top-1. ImageNet-21k has all of these classes: a number that is not comparable with CLIP's.
#   python tools/train.py configs/foundation/cifar100_lt_if100_lift_in21k.py
_base_ = './cifar100_lt_if100_lift.py'

model = dict(backbone=dict(module=dict(_delete_=True, **_base_.in21k_b16)))
data_preprocessor = dict(**_base_.in21k_pixels)
means = dict(batch_size=128, num_workers=2, dataset=_base_.train_dataloader.dataset)
means['dataset'] = dict(_base_.train_dataloader.dataset, pipeline=_base_.lift_val)
default_hooks = dict(classifier_start=dict(_delete_=True, type='ClassifierStartHook', dataloader=means))

# LIFT's recipe on ImageNet-LT with DINOv2's ViT-B/14, whose classifier starts from class means. Ours, of no paper.
#   python tools/train.py configs/foundation/imagenet_lt_lift_dinov2.py
_base_ = './imagenet_lt_lift.py'

model = dict(backbone=dict(module=dict(_delete_=True, **_base_.dinov2_b14)))
data_preprocessor = dict(**_base_.imagenet_pixels)
means = dict(batch_size=128, num_workers=8)
means['dataset'] = dict(_base_.train_dataloader.dataset, pipeline=_base_.load + _base_.lift_val)
default_hooks = dict(classifier_start=dict(_delete_=True, type='ClassifierStartHook', dataloader=means))

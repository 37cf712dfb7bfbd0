# Balanced softmax in NCL++'s augmentation and schedule on ImageNet-LT: a plain ResNet-50 and the same cosine
# classifier, one copy. Paper: 53.9 top-1.
_base_ = [
    '../_base_/datasets/imagenet_lt.py',
    '../_base_/datasets/ncl_view_224.py',
    '../_base_/models/ncl_resnet50_single.py',
    '../_base_/schedules/ncl_200e.py',
    '../_base_/default_runtime.py',
]

train_pipeline = [dict(type='LoadImageFromFile'), *_base_.view_pipeline, dict(type='PackInputs')]
train_dataloader = dict(batch_size=128, drop_last=True, dataset=dict(pipeline=train_pipeline))
model = dict(head=dict(num_classes=_base_.num_classes, loss=dict(type='BalancedSoftmaxLoss')))
optim_wrapper = dict(accumulative_counts=2)
auto_scale_lr = dict(base_batch_size=128)  # of one batch, two of which are accumulated

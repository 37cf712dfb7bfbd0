# Li, Cheung & Lu, Long-Tailed Visual Recognition via Gaussian Clouded Logit Adjustment, CVPR 2022: stage 1, the GCL
# loss on cosines, mixup, ResNet-32, 200 epochs in batches of 64.
# Ours: 34.80 top-1 on CIFAR-100-LT′-IF100 (seed 0; CifarResNet-32, 32 px, 5100 iterations instead of 34,000; 1 thread
# of 2 CPU cores).
#   python tools/train.py configs/gcl/cifar100_lt_if100_stage1.py
_base_ = [
    '../_base_/datasets/cifar100_lt.py',
    '../_base_/models/resnet32_cifar.py',
    '../_base_/schedules/cifar_200e.py',
    '../_base_/default_runtime.py',
]

data_preprocessor = dict(to_onehot=True)
model = dict(
    head=dict(
        type='CosineHead',
        num_classes=_base_.num_classes,
        loss=dict(type='GCLLoss', cloud='log', noise_mul=0.5, scale=30.0),
    ),
    train_cfg=dict(augments=dict(type='Mixup', alpha=1.0)),
)

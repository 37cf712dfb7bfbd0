# Guo & Wang, CVPR 2021 (see configs/collab) on the demo set: two branches, 32 images of each of two streams.
#   python tools/train.py configs/demo/collab.py
_base_ = [
    '../_base_/datasets/digits.py',
    '../_base_/models/resnet18_cifar_two_branches.py',
    '../_base_/schedules/demo_7e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    head=dict(
        num_classes=_base_.num_classes,
        loss=dict(
            type='CollaborativeLoss',
            streams=[['uniform'], ['rebalanced']],
            classification=dict(type='CompensatedBCELoss', num_classes=_base_.num_classes),
            consistency=dict(type='LogitConsistencyLoss', loss_weight=0.02),
        ),
    )
)
# Compensation must stay slow: at AdamW's full rate its shifts alone bring the loss to 0 and the network learns nothing.
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'loss_module': dict(lr_mult=0.01, decay_mult=0)}))

# ERM: plain binary cross-entropy on uniform sampling. Paper (Guo & Wang, CVPR 2021, Table 1): VOC-LT 70.86 mAP.
# All baselines have the setting of DB loss (Wu et al., ECCV 2020): ResNet-50 with its first stage frozen and a neck of
# 256 channels, 224 x 224 pixels, batches of 32, 8 epochs as long as those of the class-aware sampler:
# 3,875 draws (8 x 121 iterations).
# Ours: not measured.
#   python tools/train.py configs/baselines/multilabel/voc_lt_erm.py
_base_ = [
    '../../_base_/datasets/voc_lt.py',
    '../../_base_/models/resnet50_linear_neck.py',
    '../../_base_/schedules/class_aware_8e.py',
    '../../_base_/default_runtime.py',
]

model = dict(
    head=dict(
        num_classes=_base_.num_classes,
        # the host sums over classes; the papers' learning rates are for the mean
        loss=dict(type='CrossEntropyLoss', use_sigmoid=True, loss_weight=1 / _base_.num_classes),
    )
)
train_dataloader = dict(
    batch_size=32,
    sampler=dict(
        streams=dict(_delete_=True, uniform=dict(type='UniformSampler')),
        epoch_length=dict(_delete_=True, type='ClassAwareSampler', num_samples_cls=3, reduce=4),
    ),
)
optim_wrapper = dict(optimizer=dict(lr=0.02))
default_hooks = dict(label_probability=dict(type='LabelProbabilityHook'))

# Nearest class mean (Kang et al., ICLR 2020) of CE + mixup, nothing is trained.
#   python tools/test.py configs/baselines/singlelabel/cifar100_lt_if100_ncm.py \
#       work_dirs/singlelabel/cifar100_lt_if100_ce_mixup/epoch_200.pth
_base_ = './cifar100_lt_if100_ce.py'

model = dict(
    head=dict(
        _delete_=True,
        type='NearestClassMeanHead',
        num_classes=_base_.num_classes,
        in_channels=64,
        metric='cosine',
    )
)
class_mean_dataset = dict(
    type='CIFAR100LT',
    data_root='data/cifar',
    split='train',
    imbalance_factor=100,
    imbalance_type='exp',
    pipeline=_base_.test_pipeline,
)
default_hooks = dict(
    class_mean=dict(
        type='ClassMeanHook',
        dataloader=dict(batch_size=200, num_workers=2, dataset=class_mean_dataset),
    )
)

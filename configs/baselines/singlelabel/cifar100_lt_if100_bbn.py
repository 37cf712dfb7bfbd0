# BBN (Zhou et al., CVPR 2020): reversed sampling, cumulative learning of two branches, 200 epochs of 128 pairs a batch.
# Paper (Li et al., CVPR 2022): CIFAR-100-LT IF 100 42.56 top-1.
# Ours: not measured.
#   python tools/train.py configs/baselines/singlelabel/cifar100_lt_if100_bbn.py
_base_ = [
    '../../_base_/datasets/cifar100_lt.py',
    '../../_base_/models/bbn_resnet32.py',
    '../../_base_/schedules/bbn_200e.py',
    '../../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=_base_.num_classes))
train_dataloader = dict(
    batch_size=256,
    drop_last=True,
    sampler=dict(
        type='StreamSampler',
        streams=dict(uniform=dict(type='UniformSampler'), reversed=dict(type='ReversedSampler')),
        epoch_length='uniform',
    ),
    dataset=dict(_delete_=True, type='DrawDataset', dataset=_base_.train_dataloader.dataset),
)
default_hooks = dict(training_progress=dict(type='TrainingProgressHook'))

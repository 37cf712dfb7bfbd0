# Fig. 12 (b): BIL and offline distillation from three finished networks of cifar100_lt_if100_bsce, trained before:
#   python tools/train.py configs/ncl/cifar100_lt_if100_bsce.py --work-dir work_dirs/ncl/cifar100_lt_if100_bsce/seed0 \
#       --cfg-options randomness.seed=0
# and the same for seeds 1 and 2.
_base_ = './cifar100_lt_if100_bsce.py'

model = dict(
    type='DistilledClassifier',
    teacher=_base_.model,
    checkpoints=[f'work_dirs/ncl/cifar100_lt_if100_bsce/seed{i}/epoch_400.pth' for i in range(3)],
    distillation=dict(type='DistillationLoss', loss_weight=0.6),
)

# Our own, of no paper: collaborative training (Guo & Wang, CVPR 2021) on COCO-LT with all of CLIP's ViT-L/14. Two
# branches share 20 blocks and own the last four; FSDP deals weights, gradients and moments out to the processes.
# 16 images of each of two streams in each of 8 processes, 4 batches to a step: 512 draws of each stream.
#   tools/dist_train.sh configs/foundation/coco_lt_vit_l14_collab_fsdp.py 8
_base_ = [
    '../collab/coco_lt.py',
    '../_base_/models/foundation_vits.py',
    '../_base_/strategies/fsdp.py',
]

model = dict(
    branch_modules=[f'backbone.layers.{i}' for i in range(20, 24)],
    backbone=dict(_delete_=True, **_base_.clip_l14),
    neck=None,
    head=dict(in_channels=1024),
)
data_preprocessor = dict(**_base_.clip_pixels)
train_dataloader = dict(batch_size=32)  # of two streams
optim_wrapper = dict(
    _delete_=True,
    type='AutocastOptimWrapper',
    dtype='bfloat16',
    optimizer=dict(type='AdamW', lr=5e-5, weight_decay=0.05, betas=(0.9, 0.98)),
    clip_grad=dict(max_norm=1.0),
    accumulative_counts=4,
)

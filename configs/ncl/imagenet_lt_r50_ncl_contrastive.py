# NCL (Li et al., CVPR 2022) with its contrastive term on ImageNet-LT: three ResNet-50, each with a slow copy. Ours are
# the 8,192 keys of MoCo's length 128; the config that the authors published for this set does without the term.
# Paper, in more epochs than these 200: 57.4 / 59.5 top-1, one expert / ensemble (NCL++'s table of the large sets).
#   bash tools/dist_train.sh configs/ncl/imagenet_lt_r50_ncl_contrastive.py 8 \
#       --cfg-options train_dataloader.batch_size=16
_base_ = './imagenet_lt_r50.py'

model = dict(
    num_branches=3,
    head=dict(loss=dict(intra=None)),
    contrast=dict(type='MomentumContrast', in_channels=2048, queue_len=8192),
)

# LM-CLIP on VOC-LT, as far as it is a config: the whole CLIP ViT-B/16 is fine-tuned with the asymmetric loss. Paper:
# about 92.5 mAP, of the checkpoint that is best on the test list, with a softmax over classes. Not here: its
# contrastive loss (to which it adds 0.4 x this one), label smoothing 0.1, and weights of images and classes by
# frequency^-1.35; sampling is class-aware instead.
#   python tools/train.py configs/foundation/voc_lt_lm_clip.py
_base_ = ['../baselines/multilabel/voc_lt_asl.py', '../_base_/models/foundation_vits.py']

model = dict(
    backbone=dict(_delete_=True, **_base_.clip_b16),
    neck=None,
    head=dict(in_channels=768, loss=dict(gamma_neg=9.8)),
)
data_preprocessor = dict(**_base_.clip_pixels)
train_dataloader = dict(batch_size=8)
optim_wrapper = dict(
    _delete_=True,
    type='AutocastOptimWrapper',
    dtype='bfloat16',
    optimizer=dict(type='AdamW', lr=1e-6, weight_decay=0.01),
)
param_scheduler = []
train_cfg = dict(max_epochs=50, val_interval=50)
auto_scale_lr = dict(base_batch_size=8)

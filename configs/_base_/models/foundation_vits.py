# Pretrained vision transformers, for the configs of ../../foundation to choose from. Each checkpoint may be another
# file of these weights, or a folder: "hub:/data/clip-vit-base-patch16". The pixels' means and deviations are times
# 255.
clip_b16 = dict(
    type='FoundationViT',
    family='clip',
    arch='base',
    patch_size=16,
    init_cfg=dict(type='Pretrained', checkpoint='hub:openai/clip-vit-base-patch16'),
)
clip_l14 = dict(
    type='FoundationViT',
    family='clip',
    arch='large',
    patch_size=14,
    init_cfg=dict(type='Pretrained', checkpoint='hub:openai/clip-vit-large-patch14'),
)
clip_pixels = dict(mean=[122.771, 116.746, 104.094], std=[68.5005, 66.6322, 70.3231])
in21k_b16 = dict(
    type='FoundationViT',
    family='vit',
    arch='base',
    patch_size=16,
    init_cfg=dict(type='Pretrained', checkpoint='hub:timm/vit_base_patch16_224.augreg_in21k'),
)
in21k_pixels = dict(mean=[127.5, 127.5, 127.5], std=[127.5, 127.5, 127.5])
dinov2_b14 = dict(
    type='FoundationViT',
    family='dinov2',
    arch='base',
    patch_size=14,
    init_cfg=dict(type='Pretrained', checkpoint='hub:facebook/dinov2-base'),
)
imagenet_pixels = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
lift_steps = dict(  # LIFT's, where the base is not a schedule of LIFT's
    type='AutocastOptimWrapper',
    dtype='bfloat16',
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4),
)

"""Configs of tiny networks, as trainings would have them."""

from copy import deepcopy

from mmengine.config import Config

CLASSES = ('cat', 'dog', 'lynx')
COUNTS = (120, 30, 4)
MEAN, STD = (120.0, 110.0, 100.0), (50.0, 60.0, 70.0)
NORM = dict(num_classes=3, mean=list(MEAN), std=list(STD), to_rgb=True)
BACKBONE = dict(
    type='ResNet_CIFAR',
    depth=18,
    base_channels=4,
    stem_channels=4,
    num_stages=1,
    strides=(1,),
    dilations=(1,),
    out_indices=(0,),
    norm_cfg=dict(type='GN', num_groups=1),
)
LINEAR = dict(type='LinearClsHead', num_classes=3, in_channels=4)
MANY = dict(type='MultiLabelLinearClsHead', num_classes=3, in_channels=4)
EXPERTS = dict(type='MultiExpertHead', expert=MANY, loss=dict(type='CrossEntropyLoss', use_sigmoid=True))
PIPELINE = [dict(type='LoadImageFromFile'), dict(type='Resize', scale=(12, 12)), dict(type='PackInputs')]


def training_config(head: dict, pipeline: list = PIPELINE, **more) -> Config:
    """What a training of this head would be configured by."""
    experts = dict(num_branches=2) if head['type'] == 'MultiExpertHead' else {}
    kind = 'MultiExpertClassifier' if experts else 'ImageClassifier'
    neck = dict(type='GlobalAveragePooling')
    model = dict(type=kind, backbone=BACKBONE, neck=neck, head=head, **experts)
    dataset = dict(type='CustomDataset', data_root='nowhere', pipeline=pipeline)
    return Config(
        dict(model=model, data_preprocessor=NORM, test_dataloader=dict(dataset=dataset), **deepcopy(more))
    )

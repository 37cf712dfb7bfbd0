"""The small residual network of the long-tail papers for 32 px images."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from mmengine.model import BaseModule, Sequential
from mmpretrain.models.backbones.base_backbone import BaseBackbone
from mmpretrain.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from mmlongtail.structures import checks

DEPTHS = (20, 32, 44, 56)
NUM_STAGES = 3
KAIMING = dict(type='Kaiming', layer='Conv2d', mode='fan_in', distribution='normal')


class ShortcutABlock(BaseModule):
    """Two 3x3 convolutions beside a shortcut without parameters (option A: every second pixel, zero channels added).

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        stride: Stride of the first convolution.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.stride, self.added = stride, out_channels - in_channels

    def shortcut(self, x: Tensor) -> Tensor:
        """The input in the output's shape: half of the new channels before, half of them after the old ones."""
        if self.stride > 1:
            x = x[:, :, :: self.stride, :: self.stride]
        before = self.added // 2
        return F.pad(x, (0, 0, 0, 0, before, self.added - before)) if self.added else x

    def forward(self, x: Tensor) -> Tensor:
        """A map (B, out_channels, H / stride, W / stride) of x, (B, in_channels, H, W)."""
        out = F.relu(self.bn1(self.conv1(x)), inplace=True)
        return F.relu(self.bn2(self.conv2(out)) + self.shortcut(x), inplace=True)


@MODELS.register_module()
class CifarResNet(BaseBackbone):
    """ResNet of 6n + 2 layers for 32 px images: 16, 32 and 64 channels, shortcuts without parameters.

    Source: He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, section 4.2, option A; depth 32, with
    0.46 million parameters, is the CIFAR backbone of LDAM, BBN, GCL, NCL and most other long-tail papers. The host's
    ``ResNet_CIFAR`` is another, wider network. Stages are ``layer1`` to ``layer3``.

    Args:
        depth: Layers of the network with its classifier: 20, 32, 44 or 56.
        in_channels: Channels of an image.
        base_channels: Channels of the first stage; each further one has twice as many.
        out_indices: Stages whose maps are returned, 0 to 2.
        frozen_stages: Last stage that stays as it is, batch statistics too: -1 none, 0 the stem, 1 to 3 a layer.
        init_cfg: Initialization; the papers' Kaiming normal one (fan in) unless given.

    Raises:
        ValueError: For another depth, stage or frozen stage.
    """

    def __init__(
        self,
        depth: int = 32,
        in_channels: int = 3,
        base_channels: int = 16,
        out_indices: Sequence[int] = (NUM_STAGES - 1,),
        frozen_stages: int = -1,
        init_cfg: dict | list | None = None,
    ) -> None:
        super().__init__(init_cfg or KAIMING)
        checks.choice('depth', depth, DEPTHS)
        checks.whole('in_channels', in_channels)
        checks.whole('base_channels', base_channels)
        stage = partial(checks.choice, options=range(NUM_STAGES))
        self.out_indices = checks.sequence('out_indices', out_indices, stage, at_least=1)
        self.frozen_stages = checks.whole('frozen_stages', frozen_stages, at_least=-1, at_most=NUM_STAGES)
        self.conv1 = nn.Conv2d(in_channels, base_channels, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(base_channels)
        channels = [base_channels, *(base_channels * 2**i for i in range(NUM_STAGES))]
        for i in range(NUM_STAGES):
            strides = [1 if i == 0 else 2, *[1] * ((depth - 2) // 6 - 1)]
            inputs = [channels[i], *[channels[i + 1]] * (len(strides) - 1)]
            blocks = [ShortcutABlock(c, channels[i + 1], stride) for c, stride in zip(inputs, strides)]
            self.add_module(f'layer{i + 1}', Sequential(*blocks))
        self._freeze()

    def _freeze(self) -> None:
        """Frozen parts learn nothing and keep their batch statistics."""
        stem = [self.conv1, self.bn1] if self.frozen_stages >= 0 else []
        for module in stem + [getattr(self, f'layer{i}') for i in range(1, self.frozen_stages + 1)]:
            module.eval()
            module.requires_grad_(False)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """The maps of the stages in ``out_indices``, from images (B, C, H, W)."""
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        maps = []
        for i in range(NUM_STAGES):
            x = getattr(self, f'layer{i + 1}')(x)
            maps.append(x)
        return tuple(maps[i] for i in self.out_indices)

    def train(self, mode: bool = True) -> CifarResNet:
        """Training mode for all but the frozen parts."""
        super().train(mode)
        self._freeze()
        return self

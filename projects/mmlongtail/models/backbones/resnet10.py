"""The ten-layer residual network of the long-tail papers for ImageNet-LT."""

from __future__ import annotations

from mmpretrain.models.backbones import ResNet
from mmpretrain.models.backbones.resnet import BasicBlock
from mmpretrain.registry import MODELS

from mmlongtail.structures import checks

DEPTH = 10


@MODELS.register_module()
class ResNet10(ResNet):
    """ResNet of one basic block per stage: 4.9 million parameters, 512 channels at the end.

    Source: Liu et al., "Large-Scale Long-Tailed Recognition in an Open World", CVPR 2019, section 4; since then one of
    the backbones of ImageNet-LT. Everything else is the host's ResNet, whose smallest depth is 18.

    Args:
        depth: Layers of the network with its classifier; there is one choice.
        kwargs: Arguments of ResNet.

    Raises:
        ValueError: For another depth.
    """

    arch_settings = {DEPTH: (BasicBlock, (1, 1, 1, 1))}

    def __init__(self, depth: int = DEPTH, **kwargs) -> None:
        super().__init__(depth=checks.choice('depth', depth, [DEPTH]), **kwargs)

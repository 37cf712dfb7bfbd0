"""Several backbones side by side: experts of different architectures."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from functools import partial

from mmengine.model import BaseModule, ModuleDict, ModuleList
from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.structures import checks

PARTS = {'backbone', 'neck'}


@MODELS.register_module()
class ParallelBackbones(BaseModule):
    """Networks of any architectures that all see the same images, for MultiExpertClassifier.

    Each has weights, initialization and channels of its own. The classifier needs no neck, and its head, a
    MultiExpertHead, one expert config per network.

    Args:
        networks: For each expert the configs of its ``backbone`` and, unless the backbone gives vectors, of its
            ``neck``, such as GlobalAveragePooling.
        init_cfg: Initialization on top of the networks' own.

    Attributes:
        num_branches: Number of networks E.

    Raises:
        ValueError: For no networks, entries of other names, or a network that gives no vectors.
    """

    def __init__(self, networks: Sequence[dict], init_cfg: dict | list | None = None):
        super().__init__(init_cfg)
        networks = checks.sequence('networks', networks, _check_network, at_least=1)
        self.networks = ModuleList(
            ModuleDict({part: MODELS.build(deepcopy(network[part])) for part in network if network[part]})
            for network in networks
        )
        self.num_branches = len(self.networks)

    def forward(self, x: Tensor) -> tuple[tuple[Tensor, ...]]:
        """The networks' last features, (B, C_i) each, of images (B, C, H, W)."""
        return (tuple(last_features(network, x, i) for i, network in enumerate(self.networks)),)


def _check_network(name: str, network: dict) -> dict:
    """Refuse what is no dict of configs of a backbone and, where it is needed, a neck."""
    parts = checks.mapping(name, network, partial(checks.config, registry=MODELS, optional=True))
    if not {'backbone'} <= set(parts) <= PARTS or not parts['backbone']:
        checks.refuse(name, network, "a 'backbone' and, if needed, a 'neck'")
    return parts


def last_features(network: ModuleDict, x: Tensor, index: int) -> Tensor:
    """Features (B, C) of one network.

    Raises:
        ValueError: If they are maps.
    """
    feats = network['backbone'](x)
    if 'neck' in network:
        feats = network['neck'](feats)
    last = feats[-1] if isinstance(feats, (tuple, list)) else feats
    if last.dim() != 2:
        raise ValueError(
            f'networks[{index}] gives features {tuple(last.shape)}, expected (B, C): add a neck, such as '
            "dict(type='GlobalAveragePooling')"
        )
    return last

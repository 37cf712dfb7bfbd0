"""Which parts of a model FSDP shards each for itself."""

from __future__ import annotations

from mmengine.registry import FUNCTIONS
from mmpretrain.models import BaseClassifier
from torch import nn
from torch.distributed.fsdp.wrap import size_based_auto_wrap_policy


@FUNCTIONS.register_module()
def shard_large_blocks(
    module: nn.Module, recurse: bool, nonwrapped_numel: int, min_num_params: int = 1_000_000
) -> bool:
    """Shard every large part of a backbone or neck for itself, and all else together, as ``auto_wrap_policy`` of FSDP.

    FSDP gathers the weights of a part when its ``forward`` is called. Heads, losses and self-supervised terms have
    other methods that are called (``loss``, ``predict``): those are gathered with the model. A policy of size
    alone shards the head of 10,000 classes, whose ``predict`` then finds a shard.

    Args:
        module: A part of the model.
        recurse: Whether it is asked if parts of this part are to be looked at.
        nonwrapped_numel: Parameters of the part that are not in smaller parts already.
        min_num_params: Parameters from which a part is large; a block of ViT-L/14 has 12.6 million.

    Example:
        >>> shard_large_blocks(nn.Linear(1000, 1000), recurse=False, nonwrapped_numel=1_001_000)
        True
        >>> shard_large_blocks(nn.CrossEntropyLoss(), recurse=False, nonwrapped_numel=2_000_000)
        False
    """
    called_otherwise = hasattr(module, 'loss') or hasattr(module, 'predict') or is_term(module)
    if called_otherwise and not isinstance(module, BaseClassifier):
        return False
    return size_based_auto_wrap_policy(module, recurse, nonwrapped_numel, min_num_params)


def is_term(module: nn.Module) -> bool:
    """Whether a module is a loss or a self-supervised term, of this package, of the host or of torch."""
    return not {'losses', 'selfsup', 'loss'}.isdisjoint(type(module).__module__.split('.'))

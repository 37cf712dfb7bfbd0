"""The latest keys of all ranks, first in, first out (MoCo, He et al., CVPR 2020)."""

from __future__ import annotations

import torch
from mmengine.dist import all_gather
from torch import Tensor, nn
from torch.nn import functional

from mmlongtail.structures import checks


class KeyQueue(nn.Module):
    """A buffer of the latest keys, oldest first; before there are any, random unit vectors.

    Source: He et al., "Momentum Contrast for Unsupervised Visual Representation Learning", CVPR 2020, section 3.2. The
    order is the age, so there is no pointer, and any batch size fits: a larger one leaves its last keys.

    Args:
        queue_len: Number N of keys.
        num_experts: Number E of experts, whose keys do not mix.
        feat_dim: Length D of a key.

    Attributes:
        keys: (N, E, D), equal on all ranks if it was at the start, as under DistributedDataParallel.

    Raises:
        ValueError: For a number below 1.
    """

    def __init__(self, queue_len: int, num_experts: int, feat_dim: int):
        super().__init__()
        checks.whole('queue_len', queue_len)
        checks.whole('num_experts', num_experts)
        checks.whole('feat_dim', feat_dim)
        start = functional.normalize(torch.randn(queue_len, num_experts, feat_dim), dim=-1)
        self.register_buffer('keys', start)

    @torch.no_grad()
    def enqueue(self, keys: Tensor) -> None:
        """Put the keys (B, E, D) of each rank, rank after rank, in the place of the oldest."""
        latest = torch.cat(all_gather(keys.contiguous()))[-len(self.keys) :].to(self.keys)
        # A new tensor: the backward pass still needs the old one.
        self.keys = torch.cat([self.keys[len(latest) :], latest])

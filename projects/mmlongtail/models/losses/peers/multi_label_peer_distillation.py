"""Mutual distillation of experts or of augmented copies with several labels per image."""

from __future__ import annotations

from mmpretrain.registry import MODELS
from torch import Tensor

from .pairwise_kl import pairwise_binary_kl
from .peer_loss import PeerLoss


@MODELS.register_module()
class MultiLabelPeerDistillationLoss(PeerLoss):
    """Divergence of the sigmoid probabilities of all pairs of peers, on all classes and on the hard ones.

    Source: not in the paper: our generalization of NCL++ (Tan et al., 2023), eqs. (4) and (11), to several labels. Each
    class is a binary distribution; means over the K classes and over the hard ones, which are the positives and
    the ``round(hard_ratio * K)`` highest negatives. Arguments and errors are those of :class:`PeerLoss`.
    """

    def full_part(self, logits: Tensor) -> Tensor:
        """Mean over all classes."""
        return pairwise_binary_kl(logits, self.gradient) / logits.size(-1)

    def hard_part(self, logits: Tensor, mask: Tensor) -> Tensor:
        """Mean over the classes of the mask."""
        return pairwise_binary_kl(logits, self.gradient, mask) / mask.sum(dim=-1)

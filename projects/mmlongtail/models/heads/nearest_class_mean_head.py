"""Nearest class mean: an image belongs to the class whose mean feature is the closest."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from mmpretrain.models.heads import ClsHead
from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.structures import checks

METRICS = ('euclidean', 'cosine')


@MODELS.register_module()
class NearestClassMeanHead(ClsHead):
    """Logits ``-|x - m_k|^2`` or ``cos(x, m_k)`` of features x and the class means m, which ``ClassMeanHook`` brings.

    Source: Kang et al., "Decoupling Representation and Classifier for Long-Tailed Recognition", ICLR 2020, section
    4.2, NCM. Nothing is trained. A class without training images has no mean: its logit is -inf. The means are
    buffers, so a checkpoint that was saved with them predicts alone.

    Args:
        num_classes: Number of classes K.
        in_channels: Channels D of the features.
        metric: 'euclidean' or 'cosine'.
        kwargs: ``topk`` and ``cal_acc`` of the host's ClsHead.

    Raises:
        ValueError: For an unknown metric or a number below 1.
    """

    def __init__(self, num_classes: int, in_channels: int, metric: str = 'euclidean', **kwargs):
        super().__init__(**kwargs)
        self.metric = checks.choice('metric', metric, METRICS)
        self.num_classes = checks.whole('num_classes', num_classes)
        self.in_channels = checks.whole('in_channels', in_channels)
        self.register_buffer('means', torch.zeros(num_classes, in_channels))
        self.register_buffer('known', torch.zeros(num_classes, dtype=torch.bool))

    def set_class_means(self, means: Tensor, known: Tensor) -> None:
        """Take the mean features (K, D) and which classes have one, (K,).

        Raises:
            ValueError: If they have another shape.
        """
        if means.shape != self.means.shape or known.shape != self.known.shape:
            raise ValueError(
                f'the class means are {tuple(means.shape)} with {tuple(known.shape)} known, expected '
                f'{tuple(self.means.shape)} with {tuple(self.known.shape)}'
            )
        self.means.copy_(means)
        self.known.copy_(known)

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, K) of features whose last item is (B, D).

        Raises:
            RuntimeError: If the means are not known yet.
        """
        if not self.known.any():
            raise RuntimeError(
                'NearestClassMeanHead knows no class means: list ClassMeanHook in default_hooks, which computes them '
                'before a test'
            )
        feat = self.pre_logits(feats).float()
        if self.metric == 'cosine':
            logits = F.linear(F.normalize(feat, dim=1), F.normalize(self.means, dim=1))
        else:  # the product form of the distance loses the digits in which close means differ
            logits = -torch.cdist(feat, self.means, compute_mode='donot_use_mm_for_euclid_dist').square()
        return logits.masked_fill(~self.known, -torch.inf)

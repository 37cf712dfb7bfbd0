"""Linear head of one label per image with one classifier per branch (Zhou et al., CVPR 2020)."""

from __future__ import annotations

from mmpretrain.models.heads import ClsHead
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import Tensor

from .multi_branch_head import MultiBranchHead


@MODELS.register_module()
class SingleLabelBranchHead(MultiBranchHead):
    """MultiBranchHead of one label per image: the prediction is the softmax of the branches' mean logits.

    Source: Zhou, Cui, Wei & Chen, "BBN: Bilateral-Branch Network with Cumulative Learning for Long-Tailed Visual
    Recognition", CVPR 2020, section 4: when it is tested, both branches weigh one half.

    The loss gets the labels as shares of the classes (B, K), which CrossEntropyLoss takes with ``use_soft=True``.

    Args:
        num_branches: As in :class:`MultiBranchHead`.
        num_classes: Number of classes K.
        in_channels: Channels of the features.
        loss: As in :class:`MultiBranchHead`, such as CumulativeLoss.
        init_cfg: As in :class:`MultiBranchHead`.

    Raises:
        ValueError: As :class:`MultiBranchHead`.
    """

    multi_label = False

    def __init__(
        self,
        num_branches: int,
        num_classes: int,
        in_channels: int,
        loss: dict,
        init_cfg: dict | None = None,
    ):
        super().__init__(num_branches, num_classes, in_channels, loss, average='logit', init_cfg=init_cfg)

    def _get_predictions(self, cls_score: Tensor, data_samples: list[DataSample] | None) -> list[DataSample]:
        """Samples with ``pred_score`` (K,) and one ``pred_label`` of logits (n, T, B, K)."""
        return ClsHead._get_predictions(self, cls_score.float().flatten(0, 1).mean(0), data_samples)

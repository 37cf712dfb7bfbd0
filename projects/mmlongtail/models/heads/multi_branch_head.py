"""Linear multi-label head with one classifier per branch (Guo & Wang, CVPR 2021)."""

from __future__ import annotations

import torch
from mmpretrain.models.heads import MultiLabelClsHead
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample, label_to_onehot
from torch import Tensor, nn

from mmlongtail.structures import checks

from ..branch_features import of_branches

AVERAGES = ('score', 'logit')
NORMAL = dict(type='Normal', layer='Linear', std=0.01)


def decision(thr: float | None, topk: int | None) -> dict:
    """What the host's multi-label heads take to decide on labels, checked."""
    thr = checks.number('thr', thr, optional=True)
    return dict(thr=thr, topk=checks.whole('topk', topk, optional=True))


@MODELS.register_module()
class MultiBranchHead(MultiLabelClsHead):
    """One linear layer per branch, of different random values; predictions average the branches.

    Source: Guo & Wang, CVPR 2021, section 3: the final score is the mean of the branches' sigmoid scores.

    Args:
        num_branches: Number of branches n; in a config the classifier gives it.
        num_classes: Number of classes K.
        in_channels: Channels of the features.
        loss: Config of a loss of (n, B, K) logits such as CollaborativeLoss; of T views of an image, (n T, B, K): each
            view of each branch is a branch to it.
        average: 'score' means sigmoid scores, 'logit' means logits before the sigmoid.
        thr: Scores from here on are positive labels.
        topk: Instead of ``thr``, the number of positive labels.
        init_cfg: Initialization of the layers, ``NORMAL`` if None.

    Raises:
        ValueError: For an unknown average, a number below 1, or features of another number of branches.
    """

    def __init__(
        self,
        num_branches: int,
        num_classes: int,
        in_channels: int,
        loss: dict,
        average: str = 'score',
        thr: float | None = None,
        topk: int | None = None,
        init_cfg: dict | None = None,
    ):
        loss = checks.config('loss', loss, MODELS)
        super().__init__(loss=loss, init_cfg=init_cfg or NORMAL, **decision(thr, topk))
        self.average = checks.choice('average', average, AVERAGES)
        self.num_branches = checks.whole('num_branches', num_branches)
        self.num_classes = checks.whole('num_classes', num_classes)
        checks.whole('in_channels', in_channels)
        self.fcs = nn.ModuleList(nn.Linear(in_channels, num_classes) for _ in range(num_branches))

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (n, T, B, K) of features whose last item is (n, T, B, C): n branches, T views, B images."""
        return torch.stack([fc(part) for fc, part in zip(self.fcs, of_branches(feats, self.num_branches))])

    def pre_logits(self, feats: tuple[Tensor, ...]) -> Tensor:
        """The branches' features side by side, (T B, n C)."""
        return torch.cat(tuple(of_branches(feats, self.num_branches)), dim=-1).flatten(0, 1)

    def loss(self, feats: tuple[Tensor, ...], data_samples: list[DataSample], **kwargs) -> dict[str, Tensor]:
        """Losses of T B samples, view after view; those of the first view say the labels and the streams."""
        logits = self(feats)  # (n, T, B, K)
        samples = data_samples[: logits.size(2)]
        targets, streams = self._targets(samples).to(logits.device), [s.get('stream') for s in samples]
        return self.loss_module(logits.flatten(0, 1), targets, streams, **kwargs)

    def _targets(self, data_samples: list[DataSample]) -> Tensor:
        """Multi-hot (B, K) labels, or the soft ones of batch augmentations."""
        if 'gt_score' in data_samples[0]:
            return torch.stack([sample.gt_score.float() for sample in data_samples])
        return torch.stack([label_to_onehot(s.gt_label, self.num_classes) for s in data_samples]).float()

    def _get_predictions(self, cls_score: Tensor, data_samples: list[DataSample] | None) -> list[DataSample]:
        """Samples with ``pred_score`` (K,) and ``pred_label`` of logits (n, T, B, K)."""
        logits = cls_score.float().flatten(0, 1)
        scores = logits.sigmoid().mean(0) if self.average == 'score' else logits.mean(0).sigmoid()
        if data_samples is None:
            data_samples = [DataSample() for _ in range(len(scores))]
        for sample, score in zip(data_samples, scores):
            label = (
                torch.where(score >= self.thr)[0] if self.thr is not None else score.topk(self.topk).indices
            )
            sample.set_pred_score(score).set_pred_label(label)
        return data_samples

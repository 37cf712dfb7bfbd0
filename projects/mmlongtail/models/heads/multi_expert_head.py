"""Head of several experts: one classifier per expert, any loss between them, predictions of their mean logits."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from functools import partial

import torch
from mmengine.model import BaseModule, ModuleList
from mmpretrain.models.heads import MultiLabelClsHead
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample, label_to_onehot
from torch import Tensor

from mmlongtail.structures import checks
from mmlongtail.structures.precision import full_precision

ENSEMBLE = 'ensemble'


@MODELS.register_module()
class MultiExpertHead(BaseModule):
    """One head per expert; a loss of all their logits; the ensemble predicts with the mean of the logits.

    Source: Tan et al., "NCL++: Nested Collaborative Learning for Long-Tailed Visual Recognition", 2023, section 3;
    the ensemble is the mean of the experts' logits, "single" is one expert's.

    Every data sample gets the scores of the experts, ``expert_scores`` (E, K), beside ``pred_score`` (K,):
    ``PerExpertMetric`` reports both of one test.

    Args:
        expert: Config of an expert's head, single-label or multi-label, such as LinearClsHead, CosineHead or
            MultiLabelLinearClsHead, whose own loss is not used; or a list of one config per expert.
        loss: Config of a loss of logits (E, T, B, K) and targets, class ids (B,) or (B, K), such as
            NestedCollaborativeLoss, T being the copies of an image. It returns one loss or a dict of them.
        num_experts: Number of experts E.
        predict_with: 'ensemble', or the index of the expert that predicts alone.

    Raises:
        ValueError: For experts of another number, kind or number of classes, an unknown ``predict_with``, or a loss
            that scales cosines itself and would do so twice.
    """

    def __init__(
        self,
        expert: dict | Sequence[dict],
        loss: dict,
        num_experts: int = 2,
        predict_with: str | int = ENSEMBLE,
        init_cfg: dict | None = None,
    ):
        super().__init__(init_cfg)
        checks.whole('num_experts', num_experts)
        checks.choice('predict_with', predict_with, (ENSEMBLE, *range(num_experts)))
        checks.config('loss', loss, MODELS)
        config = partial(checks.config, registry=MODELS)
        experts = [expert] * num_experts if isinstance(expert, dict) else expert
        configs = checks.sequence('expert', experts, config, length=num_experts)
        self.experts = ModuleList(MODELS.build(deepcopy(config)) for config in configs)
        self.loss_module = MODELS.build(loss)
        self.num_branches, self.predict_with = num_experts, predict_with
        self.multi_label, self.num_classes = self._checked_experts()
        self._check_scales()

    def pre_logits(self, feats: tuple) -> Tensor:
        """The experts' features of each image side by side, (rows, C) with the sum C of their channels."""
        parts = [expert.pre_logits((part,)) for expert, part in zip(self.experts, self._parts(feats))]
        return torch.cat(parts, dim=1)

    def forward(self, feats: tuple) -> Tensor:
        """Logits (E, rows, K) of features whose last item is (E rows, C), expert after expert, or E x (rows, C_i)."""
        return torch.stack([expert((part,)) for expert, part in zip(self.experts, self._parts(feats))])

    def loss(self, feats: tuple, data_samples: list[DataSample], **kwargs) -> dict[str, Tensor]:
        """Losses of T B samples, view after view: their metainfo ``view`` says which, 0 where there is none."""
        logits, views = self(feats), count_views(data_samples)
        logits = logits.unflatten(1, (views, -1))  # (E, T, B, K)
        targets = self._targets(data_samples, views).to(logits.device)
        losses = self.loss_module(logits, targets, **kwargs)
        return losses if isinstance(losses, dict) else dict(loss=losses)

    def predict(self, feats: tuple, data_samples: list[DataSample] | None = None) -> list[DataSample]:
        """Samples with ``pred_score`` (K,), ``pred_label`` and ``expert_scores`` (E, K)."""
        return self._get_predictions(self(feats), data_samples)

    def _parts(self, feats: tuple) -> Sequence[Tensor]:
        return split_experts(feats, self.num_branches)

    def _targets(self, samples: list[DataSample], views: int) -> Tensor:
        """Labels of the images: class ids (B,), mixed labels (B, K), or multi-hot (B, K)."""
        if 'gt_score' in samples[0]:
            scores = torch.stack([sample.gt_score.float() for sample in samples]).unflatten(0, (views, -1))
            if views > 1 and not torch.equal(scores, scores[:1].expand_as(scores)):
                raise ValueError(
                    f'gt_score, labels (B, K), differs between the {views} views of an image: mixup and the like join '
                    'other images in each view; expected share_mix=True of BatchAugmentPreprocessor with them'
                )
            return scores[0]
        samples = samples[: len(samples) // views]
        if self.multi_label:
            return torch.stack([label_to_onehot(s.gt_label, self.num_classes) for s in samples]).float()
        return torch.cat([sample.gt_label for sample in samples])

    def _get_predictions(self, logits: Tensor, data_samples: list[DataSample] | None) -> list[DataSample]:
        """The predictions that the first expert's head makes of the mean logits, or an expert's of its own."""
        logits, ensemble = full_precision(logits), self.predict_with == ENSEMBLE
        expert = self.experts[0 if ensemble else self.predict_with]
        chosen = logits.mean(0) if ensemble else logits[self.predict_with]
        samples = expert._get_predictions(chosen, data_samples)
        of_experts = [
            [sample.pred_score for sample in expert._get_predictions(part, None)]
            for expert, part in zip(self.experts, logits)
        ]
        for sample, *scores in zip(samples, *of_experts):
            sample.set_field(torch.stack(scores), 'expert_scores', dtype=Tensor)
        return samples

    def _check_scales(self) -> None:
        """A cosine expert's logits are scaled already."""
        own = [expert.scale for expert in self.experts if getattr(expert, 'scale', None) is not None]
        losses = [
            type(m).__name__ for m in self.loss_module.modules() if getattr(m, 'scale', None) is not None
        ]
        if own and losses:
            raise ValueError(
                f'loss: {losses} scale cosines themselves, and the experts scale theirs by {own}: expected losses '
                'of logits, such as BalancedSoftmaxLoss'
            )

    def _checked_experts(self) -> tuple[bool, int]:
        """Whether the experts are multi-label, and their number of classes."""
        kinds = {isinstance(expert, MultiLabelClsHead) for expert in self.experts}
        classes = {getattr(expert, 'num_classes', None) for expert in self.experts}
        unable = [type(e).__name__ for e in self.experts if not hasattr(e, '_get_predictions')]
        if unable or len(kinds) > 1 or len(classes) > 1 or None in classes:
            raise ValueError(
                f'expert: {[type(e).__name__ for e in self.experts]} with num_classes {sorted(map(str, classes))}: '
                'expected heads of one number of classes that derive from ClsHead, or all from MultiLabelClsHead'
            )
        return kinds.pop(), classes.pop()


def split_experts(feats: tuple, num_experts: int) -> Sequence[Tensor]:
    """Each expert's features (rows, C): the last ones' parts, which are one tensor of all experts or one of each.

    Raises:
        ValueError: For other parts than one per expert, all of the same number of rows.
    """
    last = feats[-1]
    parts = last.chunk(num_experts) if isinstance(last, Tensor) else last
    if len(parts) != num_experts or len({len(part) for part in parts}) > 1:
        raise ValueError(
            f'features of {[len(part) for part in parts]} rows, expected as many of each of the '
            f'{num_experts} experts'
        )
    return parts


def count_views(samples: Sequence[DataSample]) -> int:
    """The number T of views in a batch of T B samples.

    Raises:
        ValueError: If they do not lie view after view, as many of each.
    """
    found = [sample.get('view', 0) for sample in samples]
    views = max(found) + 1
    if found != [view for view in range(views) for _ in range(len(samples) // views)]:
        raise ValueError(
            f"the samples' view is {found}, expected all images of view 0, then all of view 1 and so on: see "
            'num_views of BatchAugmentPreprocessor'
        )
    return views

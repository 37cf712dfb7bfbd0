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

from ..branch_features import of_branches, of_rows

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
        num_branches: Number of experts E; in a config the classifier gives it.
        predict_with: 'ensemble', or the index of the expert that predicts alone.

    Raises:
        ValueError: For experts of another number, kind or number of classes, an unknown ``predict_with``, a loss that
            scales cosines itself and would do so twice, or features of another number of experts.
    """

    def __init__(
        self,
        expert: dict | Sequence[dict],
        loss: dict,
        num_branches: int = 2,
        predict_with: str | int = ENSEMBLE,
        init_cfg: dict | None = None,
    ):
        super().__init__(init_cfg)
        checks.whole('num_branches', num_branches)
        checks.choice('predict_with', predict_with, (ENSEMBLE, *range(num_branches)))
        checks.config('loss', loss, MODELS)
        config = partial(checks.config, registry=MODELS)
        experts = [expert] * num_branches if isinstance(expert, dict) else expert
        configs = checks.sequence('expert', experts, config, length=num_branches)
        self.experts = ModuleList(MODELS.build(deepcopy(config)) for config in configs)
        self.loss_module = MODELS.build(loss)
        self.num_branches, self.predict_with = num_branches, predict_with
        self.multi_label, self.num_classes = self._checked_experts()
        self._check_scales()

    def pre_logits(self, feats: tuple) -> Tensor:
        """The experts' features side by side, (T B, C) with the sum C of their channels."""
        parts = zip(self.experts, of_branches(feats, self.num_branches))
        return torch.cat([expert.pre_logits((part.flatten(0, 1),)) for expert, part in parts], dim=1)

    def forward(self, feats: tuple) -> Tensor:
        """Logits (E, T, B, K) of features whose last item is (E, T, B, C) or one (T, B, C_i) of each expert."""
        parts = zip(self.experts, of_branches(feats, self.num_branches))
        return torch.stack([of_rows(expert, part) for expert, part in parts])

    def loss(self, feats: tuple, data_samples: list[DataSample], **kwargs) -> dict[str, Tensor]:
        """Losses of T B samples, view after view."""
        logits = self(feats)  # (E, T, B, K)
        targets = self._targets(data_samples, *logits.shape[1:3]).to(logits.device)
        losses = self.loss_module(logits, targets, **kwargs)
        return losses if isinstance(losses, dict) else dict(loss=losses)

    def predict(self, feats: tuple, data_samples: list[DataSample] | None = None) -> list[DataSample]:
        """Samples with ``pred_score`` (K,), ``pred_label`` and ``expert_scores`` (E, K)."""
        return self._get_predictions(self(feats), data_samples)

    def _targets(self, samples: list[DataSample], views: int, images: int) -> Tensor:
        """Labels of the images: class ids (B,), mixed labels (B, K), or multi-hot (B, K)."""
        if 'gt_score' in samples[0]:
            scores = torch.stack([sample.gt_score.float() for sample in samples]).unflatten(
                0, (views, images)
            )
            if views > 1 and not torch.equal(scores, scores[:1].expand_as(scores)):
                raise ValueError(
                    f'gt_score, labels (B, K), differs between the {views} views of an image: mixup and the like join '
                    'other images in each view; expected share_mix=True of BatchAugmentPreprocessor with them'
                )
            return scores[0]
        samples = samples[:images]
        if self.multi_label:
            return torch.stack([label_to_onehot(s.gt_label, self.num_classes) for s in samples]).float()
        return torch.cat([sample.gt_label for sample in samples])

    def _get_predictions(self, logits: Tensor, data_samples: list[DataSample] | None) -> list[DataSample]:
        """What the first expert's head predicts of the mean of logits (E, T, B, K), or an expert's of its own."""
        logits, ensemble = full_precision(logits).mean(1), self.predict_with == ENSEMBLE  # (E, B, K)
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

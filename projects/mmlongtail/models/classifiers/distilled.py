"""Classifier that learns from finished ones (the comparison in Fig. 12 (b) of NCL++, Tan et al., 2023)."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import torch
from mmengine.model import ModuleList
from mmengine.runner import CheckpointLoader
from mmpretrain.models import ImageClassifier
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import Tensor

from mmlongtail.structures import checks


@MODELS.register_module()
class DistilledClassifier(ImageClassifier):
    """ImageClassifier with one loss more: to agree with the mean logits of frozen teachers on the same images.

    Source: NCL++ (Tan et al., 2023), Fig. 12 (b): teachers are trained one by one, then their averaged outputs are
    labels of the student. The teachers are in eval mode and get no gradient; they are part of the checkpoint, so that
    a resumed run needs their own files no more.

    Args:
        teacher: Config of an ImageClassifier, of which there are as many as checkpoints.
        checkpoints: Files of the teachers' weights, read when the training starts.
        distillation: Config of a loss of logits (B, K) and the teachers' mean logits (B, K), such as DistillationLoss.
        kwargs: Arguments of ImageClassifier.

    Raises:
        ValueError: Without checkpoints, or at the start of the training for one that does not fit the teacher.
    """

    def __init__(self, *args, teacher: dict, checkpoints: Sequence[str], distillation: dict, **kwargs):
        super().__init__(*args, **kwargs)
        self.checkpoints = checks.sequence('checkpoints', checkpoints, checks.text, at_least=1)
        checks.config('teacher', teacher, MODELS)
        checks.config('distillation', distillation, MODELS)
        self.teachers = ModuleList(MODELS.build(deepcopy(teacher)) for _ in self.checkpoints)
        self.teachers.requires_grad_(False).eval()
        self.distillation = MODELS.build(distillation)

    def init_weights(self) -> None:
        """Initialize the student as the host does, and read the teachers."""
        super().init_weights()
        for teacher, path in zip(self.teachers, self.checkpoints):
            state = CheckpointLoader.load_checkpoint(path, map_location='cpu')
            try:
                teacher.load_state_dict(state.get('state_dict', state), strict=True)
            except RuntimeError as error:
                raise ValueError(f'{path} does not fit the config of the teacher: {error}') from error

    def train(self, mode: bool = True) -> DistilledClassifier:
        """Training mode for the student alone."""
        super().train(mode)
        self.teachers.eval()
        return self

    def loss(self, inputs: Tensor, data_samples: list[DataSample]) -> dict[str, Tensor]:
        """The student's losses and ``loss_distill``, of images (B, C, H, W)."""
        feats = self.extract_feat(inputs)
        losses = self.head.loss(feats, data_samples)
        losses['loss_distill'] = self.distillation(self.head(feats), self.teacher_logits(inputs))
        return losses

    @torch.no_grad()
    def teacher_logits(self, inputs: Tensor) -> Tensor:
        """The teachers' mean logits, (B, K)."""
        logits = [teacher.head(teacher.extract_feat(inputs)) for teacher in self.teachers]
        return torch.stack(logits).mean(dim=0)

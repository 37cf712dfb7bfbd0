"""Classifier of several branches on one trunk (Guo & Wang, CVPR 2021)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import torch
from mmpretrain.models import ImageClassifier
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import Tensor

from mmlongtail.structures import checks

from ..branching import branch_modules as replace_modules


@MODELS.register_module()
class MultiBranchClassifier(ImageClassifier):
    """ImageClassifier in which named modules exist once per branch: one trunk pass, one pass of each branch.

    Source: Guo & Wang, "Long-Tailed Multi-Label Visual Recognition by Collaborative Training on Uniform and
    Re-Balanced Samplings", CVPR 2021, section 3. Any backbone of MMPretrain or of the user serves::

        backbone                 branch_modules
        ResNet, ResNet_CIFAR     ['backbone.layer4']
        ConvNeXt                 ['backbone.downsample_layers.3', 'backbone.stages.3', 'backbone.norm3']
        SwinTransformer          ['backbone.stages.3', 'backbone.norm3']
        VisionTransformer        ['backbone.layers.11', 'backbone.ln1']
        two whole networks       ['backbone']

    Copies start equal: from the backbone's plain checkpoint or from the same random values.

    Args:
        num_branches: Number of branches n; the head must have as many.
        branch_modules: Names of the modules to duplicate, inside 'backbone' or 'neck', from the last stage
            on. Unused for one branch.
        flip_views: In training append the horizontally flipped images to the batch; the loss then sees each
            branch's two views as two branches (flip-perturbation consistency).
        kwargs: Arguments of ImageClassifier.

    Raises:
        ValueError: For several branches without modules, unknown modules, or a head or backbone of other branches.
    """

    equal_start = True

    def __init__(
        self,
        *args,
        num_branches: int = 2,
        branch_modules: Sequence[str] = (),
        flip_views: bool = False,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        checks.whole('num_branches', num_branches)
        checks.sequence('branch_modules', branch_modules, checks.text)
        self._check_backbone(num_branches, branch_modules)
        if num_branches > 1 and not branch_modules and not self.branched_backbone:
            raise ValueError(
                f'num_branches={num_branches} with branch_modules={list(branch_modules)}: expected one '
                "branch, or several and the modules that each has of its own, such as ['backbone.layer4']"
            )
        if (heads := getattr(self.head, 'num_branches', num_branches)) != num_branches:
            raise ValueError(f'the head has num_branches={heads}, the classifier {num_branches}')
        self.num_branches, self.flip_views = num_branches, checks.flag('flip_views', flip_views)
        self.branch_modules = list(branch_modules) if num_branches > 1 else []
        replace_modules(self, self.branch_modules, num_branches)

    @property
    def branched_backbone(self) -> bool:
        """Whether the backbone makes the branches itself."""
        return hasattr(self.backbone, 'num_branches')

    def _check_backbone(self, num_branches: int, branch_modules: Sequence[str]) -> None:
        """A backbone that makes the branches itself makes all of them, and their last features."""
        if not self.branched_backbone:
            return
        if (own := self.backbone.num_branches) != num_branches or branch_modules or self.with_neck:
            raise ValueError(
                f'the backbone has num_branches={own} and gives their last features, the classifier has '
                f'num_branches={num_branches}, branch_modules={list(branch_modules)} and neck={self.neck}: expected '
                'as many branches, no modules to branch, and necks inside the backbone'
            )

    def init_weights(self) -> None:
        """Initialise as the host does, then make the copies of a randomly initialised module equal."""
        super().init_weights()
        for name in self.branch_modules if self.equal_start else ():
            self.get_submodule(name).equalize()

    def extract_feat(self, inputs: Tensor, stage: str = 'neck'):
        """Features of B images: n B rows, branch after branch, from the first branched module on."""
        for name in self.branch_modules:
            self.get_submodule(name).batch_size = inputs.size(0)
        if stage not in ('neck', 'pre_logits'):
            return super().extract_feat(inputs, stage)
        feats = super().extract_feat(inputs, 'neck')
        rows, expected = count_rows(feats), self.num_branches * inputs.size(0)
        if rows != expected:
            raise ValueError(
                f'the features have {rows} rows, expected {expected}: the last output of the backbone '
                f'does not pass through branch_modules={self.branch_modules}'
            )
        return feats if stage == 'neck' else self.head.pre_logits(feats)

    def loss(self, inputs: Tensor, data_samples: list[DataSample]) -> dict[str, Tensor]:
        """Losses of a batch of images (B, C, H, W)."""
        if self.flip_views:
            inputs = torch.cat([inputs, inputs.flip(-1)])
        return super().loss(inputs, data_samples)

    def get_layer_depth(self, param_name: str) -> tuple[int, int]:
        """Layer-wise depth of a parameter and the maximum: that of the plain network's parameter."""
        return super().get_layer_depth(re.sub(r'\.branches\.\d+', '', param_name))


def count_rows(feats) -> int:
    """Rows of the last features: one tensor of all branches, or a tuple of one tensor per branch."""
    last = feats[-1] if isinstance(feats, (tuple, list)) else feats
    return last.size(0) if isinstance(last, Tensor) else sum(part.size(0) for part in last)

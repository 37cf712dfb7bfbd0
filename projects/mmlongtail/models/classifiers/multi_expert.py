"""Classifier of several experts: whole networks, or last stages on one trunk (Tan et al., NCL++, 2023)."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

from mmengine.model import ModuleDict
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from mmlongtail.structures import checks

from ..batch_augments.shared_mix import SharedMix
from ..heads.multi_expert_head import count_views, split_experts
from .multi_branch import MultiBranchClassifier


@MODELS.register_module()
class MultiExpertClassifier(MultiBranchClassifier):
    """MultiBranchClassifier whose branches start from different values: as so many models built one by one.

    Source: Tan et al., "NCL++: Nested Collaborative Learning for Long-Tailed Visual Recognition", 2023, section 3.

    All experts see the same copies of the images. The head is a MultiExpertHead. A plain network's checkpoint fills
    every expert's backbone and neck; a backbone that is given as a module instead of a config is copied as it is.
    There is no ``flip_views``: views are the data preprocessor's.

    Args:
        backbone: Config of the backbone. One with ``num_branches``, such as ParallelBackbones, makes the experts.
        neck: Config of the neck.
        head: Config of the head.
        num_experts: Number of experts E.
        branch_modules: Names of the modules that each expert has of its own, from the last stage on; the whole
            backbone, and the neck if it learns anything, unless given.
        contrast: Config of a self-supervised loss between an image's views, MomentumContrast. The last view is its key
            and no expert learns to classify that one; the others are queries. Without several views, a ValueError.
        kwargs: Further arguments of ImageClassifier.

    Raises:
        ValueError: For no experts, unknown modules, a head or backbone of other experts, or images that
            come in several views and are mixed, without ``share_mix``.
    """

    equal_start = False

    def __init__(
        self,
        backbone: dict | nn.Module,
        neck: dict | nn.Module | None = None,
        head: dict | nn.Module | None = None,
        num_experts: int = 2,
        branch_modules: Sequence[str] | None = None,
        contrast: dict | None = None,
        **kwargs,
    ):
        checks.whole('num_experts', num_experts)
        checks.config('contrast', contrast, MODELS, optional=True)
        configs = dict(backbone=backbone, neck=neck)
        for name, value in dict(configs, head=head).items():
            if not isinstance(value, nn.Module):
                checks.config(name, value, MODELS, optional=name != 'backbone')
        first = build_networks(configs)
        if branch_modules is None and not hasattr(first['backbone'], 'num_branches'):
            branch_modules = [name for name, module in first.items() if module.state_dict()]
        super().__init__(
            first['backbone'],
            first['neck'] if neck is not None else None,
            head,
            num_branches=num_experts,
            branch_modules=branch_modules or (),
            flip_views=False,
            **kwargs,
        )
        for i in range(1, num_experts if self.branch_modules else 1):
            other = build_networks(configs)
            for name in self.branch_modules:
                self.get_submodule(name).branches[i] = other.get_submodule(name)
        parts = dict(backbone=self.backbone, neck=self.neck, num_experts=num_experts)
        self.contrast = None if contrast is None else MODELS.build(contrast, default_args=parts)
        self._check_contrast()
        self._check_views()

    def _check_contrast(self) -> None:
        """A contrast is one between views."""
        views = getattr(self.data_preprocessor, 'num_views', 1)
        if self.contrast is not None and views < 2:
            raise ValueError(
                f'data_preprocessor: num_views={views} with contrast: expected a BatchAugmentPreprocessor of at least '
                '2 views, queries and, as the last one, keys'
            )

    def loss(self, inputs: Tensor, data_samples: list[DataSample]) -> dict[str, Tensor]:
        """Losses of T B images (T B, C, H, W), view after view."""
        if self.contrast is None:
            return super().loss(inputs, data_samples)
        queries = len(inputs) - len(inputs) // count_views(data_samples)
        feats = self.extract_feat(inputs[:queries])
        parts = split_experts(feats, self.num_branches)
        losses = self.head.loss(feats, data_samples[:queries])
        return losses | self.contrast(parts, inputs[queries:], self.backbone, self.neck)

    def _check_views(self) -> None:
        """Images that are mixed have a common label over their views only if these are mixed alike."""
        views = getattr(self.data_preprocessor, 'num_views', 1)
        mix = getattr(self.data_preprocessor, 'batch_augments', None)
        if views > 1 and mix is not None and not isinstance(mix, SharedMix):
            raise ValueError(
                f'data_preprocessor: num_views={views} with batch_augments: mixup and the like join other images in '
                'each view; expected share_mix=True with them, or one of the two alone'
            )


def build_networks(configs: dict) -> ModuleDict:
    """Backbone and neck of these configs; a module is copied."""
    given = {name: deepcopy(config) for name, config in configs.items() if config is not None}
    return ModuleDict({name: c if isinstance(c, nn.Module) else MODELS.build(c) for name, c in given.items()})

"""Classifier of several experts: whole networks, or last stages on one trunk (Tan et al., NCL++, 2023)."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace

from mmengine.model import ModuleDict
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from mmlongtail.structures import checks

from .multi_branch import MultiBranchClassifier


@MODELS.register_module()
class MultiExpertClassifier(MultiBranchClassifier):
    """MultiBranchClassifier whose branches start from different values: as so many models built one by one.

    Source: Tan et al., "NCL++: Nested Collaborative Learning for Long-Tailed Visual Recognition", 2023, section 3.

    All experts see the same copies of the images. The head is a MultiExpertHead. A plain network's checkpoint fills
    every expert's backbone and neck; a backbone that is given as a module instead of a config is copied as it is.

    Args:
        backbone: As in :class:`MultiBranchClassifier`, like the neck, the head and the number of experts.
        branch_modules: Names of the modules that each expert has of its own, from the last stage on; the whole
            backbone, and the neck if it learns anything, unless given.
        contrast: Config of a self-supervised loss between an image's views, MomentumContrast. The last view is its key
            and no expert learns to classify that one; the others are queries.
        kwargs: Further arguments of ImageClassifier.

    Raises:
        ValueError: As :class:`MultiBranchClassifier`, and for a contrast without several views.
    """

    equal_start = False

    def __init__(
        self,
        backbone: dict | nn.Module,
        neck: dict | nn.Module | None = None,
        head: dict | nn.Module | None = None,
        num_branches: int | None = None,
        branch_modules: Sequence[str] | None = None,
        contrast: dict | None = None,
        **kwargs,
    ):
        checks.config('contrast', contrast, MODELS, optional=True)
        configs = dict(backbone=backbone, neck=neck)
        first = build_networks(configs)
        if branch_modules is None:
            whole = not hasattr(first['backbone'], 'num_branches')
            branch_modules = [name for name, module in first.items() if whole and module.state_dict()]
        networks = (first[name] if name in first else None for name in configs)
        super().__init__(*networks, head, num_branches, branch_modules, **kwargs)
        for i in range(1, self.num_branches if self.branch_modules else 1):
            other = build_networks(configs)
            for name in self.branch_modules:
                self.get_submodule(name).branches[i] = other.get_submodule(name)
        parts = dict(backbone=self.backbone, neck=self.neck, num_experts=self.num_branches)
        self.contrast = None if contrast is None else MODELS.build(contrast, default_args=parts)
        views = getattr(self.data_preprocessor, 'num_views', 1)
        if contrast is not None and views < 2:
            raise ValueError(
                f'data_preprocessor: num_views={views} with contrast: expected a BatchAugmentPreprocessor of at least '
                '2 views, queries and, as the last one, keys'
            )

    def loss(self, inputs: Tensor, data_samples: list[DataSample]) -> dict[str, Tensor]:
        """Losses of T B images (T B, C, H, W), view after view."""
        if self.contrast is None:
            return super().loss(inputs, data_samples)
        layout = self.layout_of(inputs)
        queries = replace(layout, views=layout.views - 1)
        feats = self.extract_feat(inputs[: queries.inputs], layout=queries)
        losses = self.head.loss(feats, data_samples[: queries.inputs])
        return losses | self.contrast(feats[-1], inputs[queries.inputs :], self.backbone, self.neck)


def build_networks(configs: dict) -> ModuleDict:
    """Backbone and neck of these configs; a module is copied.

    Raises:
        ValueError: If one is no config.
    """
    networks = ModuleDict()
    for name, config in configs.items():
        if isinstance(config, nn.Module):
            networks[name] = deepcopy(config)
        elif checks.config(name, config, MODELS, optional=name != 'backbone'):
            networks[name] = MODELS.build(deepcopy(config))
    return networks

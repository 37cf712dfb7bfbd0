"""Classifier of several branches on one trunk (Guo & Wang, CVPR 2021)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mmpretrain.models import ImageClassifier
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from mmlongtail.structures import BatchLayout, checks

from ..branching import branch_modules as replace_modules
from ..branching import lay_out


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

    In training an image may come in several views; the data preprocessor makes them and knows how many there are. The
    head gets features with the batch's axes in front, (branches, views, images, ...).

    Args:
        backbone: As in ImageClassifier; one with ``num_branches``, such as ParallelBackbones, makes the branches.
        neck: As in ImageClassifier.
        head: As in ImageClassifier; its config takes ``num_branches`` from here.
        num_branches: Number of branches n; the backbone's where it makes them, else 2, unless given.
        branch_modules: Names of the modules to duplicate, inside 'backbone' or 'neck', from the last stage
            on. Unused for one branch.
        kwargs: Further arguments of ImageClassifier.

    Raises:
        ValueError: For several branches without modules, unknown modules, a head or backbone of other branches, or
            images that come in several views and are mixed with others in each, without ``share_mix``.
    """

    equal_start = True

    def __init__(
        self,
        backbone: dict | nn.Module,
        neck: dict | nn.Module | None = None,
        head: dict | nn.Module | None = None,
        num_branches: int | None = None,
        branch_modules: Sequence[str] = (),
        **kwargs,
    ):
        checks.whole('num_branches', num_branches, optional=True)
        checks.sequence('branch_modules', branch_modules, checks.text)
        for name, part in dict(backbone=backbone, neck=neck, head=head).items():
            if not isinstance(part, nn.Module):
                checks.config(name, part, MODELS, optional=name != 'backbone')
        backbone = backbone if isinstance(backbone, nn.Module) else MODELS.build(backbone)
        own = getattr(backbone, 'num_branches', None)
        num_branches = num_branches or own or 2
        if isinstance(head, Mapping):
            head = {'num_branches': num_branches, **head}
        super().__init__(backbone, neck, head, **kwargs)
        if own and (own != num_branches or branch_modules or self.with_neck):
            raise ValueError(
                f'the backbone has num_branches={own} and gives their last features, the classifier has '
                f'num_branches={num_branches}, branch_modules={list(branch_modules)} and neck={self.neck}: expected '
                'as many branches, no modules to branch, and necks inside the backbone'
            )
        if num_branches > 1 and not branch_modules and not own:
            raise ValueError(
                f'num_branches={num_branches} with branch_modules={list(branch_modules)}: expected one '
                "branch, or several and the modules that each has of its own, such as ['backbone.layer4']"
            )
        if (heads := getattr(self.head, 'num_branches', num_branches)) != num_branches:
            raise ValueError(f'the head has num_branches={heads}, the classifier {num_branches}')
        if not getattr(self.data_preprocessor, 'keeps_labels', True):
            raise ValueError(
                f'data_preprocessor: num_views={self.data_preprocessor.num_views} with batch_augments: mixup and the '
                'like join other images in each view; expected share_mix=True with them, or one of the two alone'
            )
        self.num_branches = num_branches
        self.branch_modules = list(branch_modules) if num_branches > 1 else []
        replace_modules(self, self.branch_modules, num_branches)

    def init_weights(self) -> None:
        """Initialize as the host does, then make the copies of a randomly initialized module equal."""
        super().init_weights()
        for name in self.branch_modules if self.equal_start else ():
            self.get_submodule(name).equalize()

    def extract_feat(self, inputs: Tensor, stage: str = 'neck', layout: BatchLayout | None = None):
        """Features of inputs (T B, C, H, W), the last ones (n, T, B, ...), or (T, B, ...) of each branch.

        Those of ``stage='backbone'`` are rows. Without ``layout`` the inputs are images of a single view.
        """
        layout = layout or BatchLayout.of_inputs(len(inputs), branches=self.num_branches)
        lay_out(layout, self.backbone, self.neck)
        if stage not in ('neck', 'pre_logits'):
            return super().extract_feat(inputs, stage)
        feats = super().extract_feat(inputs, 'neck')
        *early, last = feats if isinstance(feats, (tuple, list)) else (feats,)
        try:
            feats = (*early, layout.split(last))
        except ValueError as error:
            where = f'does the last output of the backbone pass through branch_modules={self.branch_modules}?'
            raise ValueError(f'features of {error}; {where}') from error
        return feats if stage == 'neck' else self.head.pre_logits(feats)

    def layout_of(self, inputs: Tensor) -> BatchLayout:
        """What a training batch (T B, C, H, W) is."""
        views = getattr(self.data_preprocessor, 'num_views', 1)
        return BatchLayout.of_inputs(len(inputs), views, self.num_branches)

    def loss(self, inputs: Tensor, data_samples: list[DataSample]) -> dict[str, Tensor]:
        """Losses of T B images (T B, C, H, W), view after view."""
        feats = self.extract_feat(inputs, layout=self.layout_of(inputs))
        return self.head.loss(feats, data_samples)

    def get_layer_depth(self, param_name: str) -> tuple[int, int]:
        """Layer-wise depth of a parameter and the maximum: that of the plain network's parameter."""
        return super().get_layer_depth(re.sub(r'\.branches\.\d+', '', param_name))

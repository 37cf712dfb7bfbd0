"""A trained classifier as one function from images to probabilities, of any number of images."""

from __future__ import annotations

from contextlib import contextmanager

import torch
from mmpretrain.models import ImageClassifier
from mmpretrain.models.heads import ClsHead, MultiLabelClsHead
from torch import Tensor, nn

from mmlongtail.models.branching import BranchedModule, concatenate
from mmlongtail.models.heads import MultiBranchHead, MultiExpertHead, SingleLabelBranchHead
from mmlongtail.models.heads.multi_expert_head import ENSEMBLE

TOLERANCE = 1e-4  # of probabilities


class ProbabilityModel(nn.Module):
    """The classifier's scores of normalized images, branches and experts averaged as its head does it.

    Args:
        model: An ImageClassifier of the host or of this package, in eval mode. It is changed: its branched modules
            become plain ones.
        size: Height and width of the images.
        channels: Their channels.

    Raises:
        ValueError: If the head predicts in a way that is not known here, or this gives other scores.
    """

    def __init__(self, model: ImageClassifier, size: tuple[int, int], channels: int = 3) -> None:
        super().__init__()
        images = torch.randn(2, channels, *size, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            expected = torch.stack([sample.pred_score for sample in model(images, mode='predict')])
        self.backbone, self.head = model.backbone, model.head
        self.neck = model.neck if model.with_neck else None
        self.num_branches = getattr(model, 'num_branches', None)
        replace_branched(self, [name for name, _ in first_branched(model, images)])
        self.eval()
        with torch.no_grad():
            check_equal('the exported graph', self(images), expected)

    def forward(self, images: Tensor) -> Tensor:
        """Probabilities (B, K) of normalized images (B, C, H, W)."""
        feats = self.backbone(images)
        feats = feats if self.neck is None else self.neck(feats)
        if self.num_branches is not None:
            *early, last = feats if isinstance(feats, (tuple, list)) else (feats,)
            feats = (*early, branches_of(last, self.num_branches))
        return probabilities(self.head, feats)


def branches_of(last: Tensor | tuple[Tensor, ...], number: int) -> Tensor | tuple[Tensor, ...]:
    """Rows (branches x images, ...) as (branches, 1, images, ...), or those of each branch apart."""
    if isinstance(last, Tensor):
        return last.unflatten(0, (number, 1, -1))
    return tuple(part[None] for part in last)


def probabilities(head: nn.Module, feats: tuple) -> Tensor:
    """What a head predicts, (B, K).

    Raises:
        ValueError: For a head that predicts in a way of its own.
    """
    if (inner := getattr(head, 'classifier', None)) is not None:
        return probabilities(inner, feats)
    if isinstance(head, MultiExpertHead):
        logits = head(feats).float().mean(1)  # (E, B, K)
        chosen = logits.mean(0) if head.predict_with == ENSEMBLE else logits[head.predict_with]
        return chosen.sigmoid() if head.multi_label else chosen.softmax(-1)
    if isinstance(head, MultiBranchHead):
        logits = head(feats).float().flatten(0, 1)
        if isinstance(head, SingleLabelBranchHead):
            return logits.mean(0).softmax(-1)
        return logits.sigmoid().mean(0) if head.average == 'score' else logits.mean(0).sigmoid()
    if isinstance(head, MultiLabelClsHead):
        return head(feats).float().sigmoid()
    if isinstance(head, ClsHead):
        return head(feats).float().softmax(-1)
    raise ValueError(f'{type(head).__name__} predicts in a way that cannot be exported')


class Copies(nn.Module):
    """A BranchedModule whose place is known: the first one of the network takes rows of all branches at once."""

    def __init__(self, branches: nn.ModuleList, is_first: bool) -> None:
        super().__init__()
        self.branches, self.is_first = branches, is_first

    def forward(self, x, *args, **kwargs):
        """The copies' outputs as one, of x (or a tuple of x) with the rows of one branch or of all."""
        return concatenate([copy(part, *args, **kwargs) for copy, part in zip(self.branches, self._parts(x))])

    def _parts(self, x) -> list:
        n = len(self.branches)
        if isinstance(x, (tuple, list)):
            return [type(x)(items) for items in zip(*map(self._parts, x))]
        return [x] * n if self.is_first else list(x.unflatten(0, (n, -1)).unbind())

    def __getattr__(self, name: str):
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(self._modules['branches'][0], name)  # type: ignore[index]  # always a ModuleList


@contextmanager
def watched(model: nn.Module, found: dict[str, int]):
    """Note how many rows each branched module gets."""

    def note(name: str):
        def hook(module, inputs):
            first = inputs[0][0] if isinstance(inputs[0], (tuple, list)) else inputs[0]
            found[name] = len(first)

        return hook

    branched = [(name, m) for name, m in model.named_modules() if isinstance(m, BranchedModule)]
    handles = [module.register_forward_pre_hook(note(name)) for name, module in branched]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@torch.no_grad()
def first_branched(model: ImageClassifier, images: Tensor) -> list[tuple[str, int]]:
    """The branched modules that get rows of one branch, by name."""
    found: dict[str, int] = {}
    with watched(model, found):
        model(images, mode='predict')
    return [(name, rows) for name, rows in found.items() if rows == len(images)]


def replace_branched(root: nn.Module, first: list[str]) -> None:
    """Put :class:`Copies` in the places of the branched modules; ``first`` are those that get rows of one branch."""
    branched = [(name, m) for name, m in root.named_modules() if isinstance(m, BranchedModule)]
    for name, module in branched:
        parent, _, child = name.rpartition('.')
        setattr(root.get_submodule(parent), child, Copies(module.branches, name in first))


def check_equal(what: str, got: Tensor, expected: Tensor) -> float:
    """The largest difference of two results.

    Raises:
        ValueError: If it is above ``TOLERANCE``, or they differ in shape.
    """
    if got.shape != expected.shape or not (got - expected).abs().max() <= TOLERANCE:
        raise ValueError(f'{what} gives other scores than the model: it is not kept')
    return float((got - expected).abs().max())

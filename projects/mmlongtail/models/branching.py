"""Duplicate named modules of any backbone, so that branches share its trunk (Guo & Wang, CVPR 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from difflib import get_close_matches

import torch
from mmengine.model import BaseModule, ModuleList
from torch import Tensor, nn

from mmlongtail.structures import BatchLayout


class BranchedModule(BaseModule):
    """Independent copies of one module, in its place; the host's own forward stays as it is.

    The first branched module that a batch of N inputs meets runs each copy on all of it and returns n N
    rows, branch after branch; the next ones get those n N rows and run each copy on its own N. Other
    attributes are the first copy's. A state dict with the plain module's names loads into every copy.

    Args:
        module: The module to replace; it becomes the first copy.
        num_branches: Number of copies n.
        name: Its name in the model, for messages.

    Attributes:
        layout: What the model's current batch is; :func:`lay_out` writes it.
    """

    def __init__(self, module: nn.Module, num_branches: int, name: str):
        super().__init__()
        self.branches = ModuleList([module, *(deepcopy(module) for _ in range(num_branches - 1))])
        self.name, self.layout, self.loaded = name, None, False
        self._register_load_state_dict_pre_hook(self._before_load)

    def __getattr__(self, name: str):
        """What this module lacks is the first copy's, unless it holds weights of that copy only."""
        try:
            return super().__getattr__(name)
        except AttributeError:
            value = getattr(super().__getattr__('branches')[0], name)
        if isinstance(value, (nn.Module, nn.Parameter)):
            raise AttributeError(
                f'{self.name}.{name} belongs to one of the {len(self.branches)} copies of {self.name!r}, but '
                'the model uses it on its own: name smaller modules in branch_modules'
            )
        return value

    def forward(self, x, *args, **kwargs):
        """The copies' outputs, n N rows, of x (or a tuple of x) with N or n N rows; each gets the other arguments."""
        if self.layout is None:
            raise RuntimeError(f'{self.name!r} is branched: run it through its MultiBranchClassifier')
        return concatenate(
            [branch(part, *args, **kwargs) for branch, part in zip(self.branches, self._parts(x))]
        )

    def _parts(self, x) -> Sequence:
        """Each copy's share of a tensor, or of every tensor in a tuple."""
        if isinstance(x, (tuple, list)):
            return [type(x)(items) for items in zip(*map(self._parts, x))]
        n, inputs = len(self.branches), self.layout.inputs
        if len(x) not in (inputs, n * inputs):
            raise ValueError(
                f'branched module {self.name!r} got {len(x)} rows, expected {inputs} (one per input) or '
                f'{n * inputs} ({n} branches): branch a module whose first dimension is the batch'
            )
        return [x] * n if len(x) == inputs else x.chunk(n)

    def equalize(self) -> None:
        """Give every copy the first one's weights, unless a checkpoint has already filled them."""
        if not self.loaded:
            for branch in self.branches[1:]:
                branch.load_state_dict(self.branches[0].state_dict())

    def expand(self, state_dict: dict, prefix: str) -> None:
        """Rename, in place, the plain module's entries under ``prefix`` into entries of every copy."""
        plain = [k for k in state_dict if k.startswith(prefix) and not k.startswith(f'{prefix}branches.')]
        for key in plain:
            value = state_dict.pop(key)
            for i in range(len(self.branches)):
                state_dict[f'{prefix}branches.{i}.{key[len(prefix) :]}'] = value

    def _before_load(self, state_dict: dict, prefix: str, *_) -> None:
        expected = next(iter(self.branches[0].state_dict()), None)
        self.expand(state_dict, prefix)
        self.loaded = any(key.startswith(prefix) for key in state_dict)
        # A new neck has nothing in a pretrained checkpoint; the backbone must.
        if expected and not self.loaded and self.name.startswith('backbone'):
            raise ValueError(
                f'the checkpoint has no weights for the branched module {self.name!r}: expected names such '
                f'as {prefix}{expected} (plain network) or {prefix}branches.0.{expected} (branched one)'
            )


def concatenate(outputs: list):
    """The copies' outputs as one: tensors joined along the batch, in tuples too; else the first copy's."""
    first = outputs[0]
    if isinstance(first, Tensor):
        return torch.cat(outputs)
    if isinstance(first, (tuple, list)):
        return type(first)(concatenate(list(parts)) for parts in zip(*outputs))
    return first


def lay_out(layout: BatchLayout, *networks: nn.Module | None) -> None:
    """Tell the branched modules of these networks what the batch is that comes next."""
    for module in (module for network in networks if network is not None for module in network.modules()):
        if isinstance(module, BranchedModule):
            module.layout = layout


def branch_modules(root: nn.Module, names: Sequence[str], num_branches: int) -> None:
    """Replace the named modules of ``root`` by :class:`BranchedModule` of ``num_branches`` copies.

    Raises:
        ValueError: For a name that the model does not have (close ones are listed), that is a bare list of
            modules, or that lies inside another one.
    """
    for name in names:
        check_name(root, names, name)
    for name in names:
        parent, _, child = name.rpartition('.')
        branched = BranchedModule(root.get_submodule(name), num_branches, name)
        setattr(root.get_submodule(parent), child, branched)
        expand_in_ancestors(root, name, branched)


def check_name(root: nn.Module, names: Sequence[str], name: str) -> None:
    """Raise ValueError unless ``name`` is a module of ``root`` to branch beside the other ``names``."""
    known = [n for n, _ in root.named_modules() if n.split('.')[0] in ('backbone', 'neck')]
    if name not in known:
        close = get_close_matches(name, known, n=5) or [n for n in known if n.count('.') == 1]
        raise ValueError(f'branch_modules: the model has no module {name!r} to branch; close names: {close}')
    if type(root.get_submodule(name)).forward is nn.Module.forward:
        raise ValueError(f'branch_modules: {name!r} is a list of modules: name its members, such as {name}.0')
    if inside := [n for n in names if name.startswith(f'{n}.')] or (
        ['itself'] if names.count(name) > 1 else []
    ):
        raise ValueError(f'branch_modules: {name!r} is branched twice, by {inside[0]} too: name it once')


def expand_in_ancestors(root: nn.Module, name: str, branched: BranchedModule) -> None:
    """Rename plain entries before any load hook of the modules above, some of which look names up."""
    parts = name.split('.')
    for depth in range(len(parts)):
        relative = '.'.join(parts[depth:])

        def hook(state_dict: dict, prefix: str, *_, relative: str = relative) -> None:
            branched.expand(state_dict, f'{prefix}{relative}.')

        ancestor = root.get_submodule('.'.join(parts[:depth]))
        handle = ancestor._register_load_state_dict_pre_hook(hook)
        if depth:  # the classifier's own hooks translate foreign checkpoints, and come first
            ancestor._load_state_dict_pre_hooks.move_to_end(handle.id, last=False)

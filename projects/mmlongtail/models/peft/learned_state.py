"""Checkpoints of what learns: the frozen rest is in the file that it came from."""

from __future__ import annotations

import re

import torch
from torch import Tensor, nn

from ..branching import BranchedModule

CHECKSUM = 'frozen_checksum'
TOLERANCE = 1e-4  # relative: sums differ a little between devices and precisions, networks much more
ADDED = re.compile(r'(.*\.)?(adapter|prompt)\..*')


def save_what_learns(backbone: nn.Module) -> None:
    """From now on leave the parameters and buffers that are frozen now out of the backbone's state dicts.

    A state dict of what learns then fills the backbone, whose frozen part is read from its ``init_cfg`` if no file has
    filled it yet; so does a plain network's. In either case the other part stays as it is.
    """
    learns = {name for name, p in backbone.named_parameters() if p.requires_grad}
    backbone.frozen_names = frozenset(backbone.state_dict().keys() - learns)
    backbone.saves_frozen = backbone.frozen_filled = False
    backbone._register_state_dict_hook(_drop_frozen)
    backbone._register_load_state_dict_pre_hook(_fill_in, with_module=True)
    backbone.register_load_state_dict_post_hook(_forget_filling)


def whole_state_dict(backbone: nn.Module) -> dict[str, Tensor]:
    """The state dict with the frozen part."""
    before = getattr(backbone, 'saves_frozen', True)
    backbone.saves_frozen = True
    try:
        return backbone.state_dict()
    finally:
        backbone.saves_frozen = before


def is_frozen(backbone: nn.Module, name: str) -> bool:
    """Whether an entry belongs to the frozen part, whatever has been branched since."""
    return re.sub(r'\.branches\.\d+', '', name) in backbone.frozen_names


def checksum(backbone: nn.Module) -> Tensor:
    """Sum of the absolute values of the frozen part."""
    tensors = [t for name, t in whole_state_dict(backbone).items() if is_frozen(backbone, name)]
    return torch.tensor(sum(float(t.float().abs().sum()) for t in tensors), dtype=torch.float64)


def _drop_frozen(backbone: nn.Module, state_dict: dict, prefix: str, _) -> None:
    if backbone.saves_frozen:
        return
    for key in [k for k in state_dict if k.startswith(prefix) and is_frozen(backbone, k[len(prefix) :])]:
        del state_dict[key]
    state_dict[f'{prefix}{CHECKSUM}'] = checksum(backbone)


def _fill_in(backbone: nn.Module, state_dict: dict, prefix: str, *_) -> None:
    """Complete, in place, a state dict of one of the two parts by what the backbone has of the other."""
    noted = state_dict.pop(f'{prefix}{CHECKSUM}', None)
    given = {key[len(prefix) :] for key in state_dict if key.startswith(prefix)}
    frozen = any(is_frozen(backbone, name) for name in given)
    if frozen:
        backbone.frozen_filled = True
        whole = any(map(ADDED.fullmatch, given))
        lacking = set() if whole else set(filter(ADDED.fullmatch, own_names(backbone)))
        backbone.not_loaded = [] if whole else [m for m in _added_branches(backbone) if not m.loaded]
    elif given:
        _check_frozen(backbone, noted)
        lacking = {name for name in own_names(backbone) if is_frozen(backbone, name)}
    else:
        return
    own = whole_state_dict(backbone)
    state_dict.update({f'{prefix}{name}': own[name] for name in lacking})


def _added_branches(backbone: nn.Module) -> list[BranchedModule]:
    found = [m for name, m in backbone.named_modules() if ADDED.fullmatch(f'{name}.')]
    return [module for module in found if isinstance(module, BranchedModule)]


def _forget_filling(backbone: nn.Module, _) -> None:
    """Branches that a plain file has left as they were are still to be made equal."""
    for module in vars(backbone).pop('not_loaded', ()):
        module.loaded = False


def own_names(backbone: nn.Module) -> list[str]:
    """Names of all entries of the backbone."""
    return list(whole_state_dict(backbone))


def _check_frozen(backbone: nn.Module, noted: Tensor | None) -> None:
    """Refuse to put what was learned on one network into another."""
    start = getattr(backbone, 'init_cfg', None)
    if not backbone.frozen_filled and isinstance(start, dict) and start['type'] == 'Pretrained':
        backbone.init_weights()
    found = checksum(backbone)
    if noted is not None and not torch.isclose(noted.to(found), found, rtol=TOLERANCE):
        source = start.get('checkpoint') if isinstance(start, dict) else None
        raise ValueError(
            f'the checkpoint has what was learned on another frozen network: its check sum is {float(noted):.6g}, '
            f'that of this {type(backbone).__name__} is {float(found):.6g}, of init_cfg.checkpoint={source}'
        )

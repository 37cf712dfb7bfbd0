"""Which modules of any network are its last stage: what each branch or expert has for itself."""

from __future__ import annotations

from torch import nn

CONTAINERS = (nn.ModuleList, nn.Sequential)


def last_stage(network: nn.Module) -> list[str]:
    """Name the last stage of a network and what comes after it, for ``branch_modules``.

    Of several stages side by side it is the last one (``layer4``), of a single list of blocks the last block
    (``blocks.11``). Stages are the outermost lists with weights; modules are taken to run in the order in which they
    were registered.

    Args:
        network: A backbone.

    Returns:
        Names of modules in it; none where it has no list of modules.

    Example:
        >>> last_stage(nn.ModuleDict(dict(stem=nn.Linear(2, 2), blocks=nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)),
        ...                               norm=nn.LayerNorm(2))))
        ['blocks.1', 'norm']
    """
    names = [name for name, module in network.named_modules() if is_stage(module)]
    outermost = [name for name in names if not any(name.startswith(f'{other}.') for other in names)]
    if not outermost:
        return []
    stage = outermost[-1]
    parent = stage.rpartition('.')[0]
    module = network.get_submodule(stage)
    alone = [name.rpartition('.')[0] for name in outermost].count(parent) == 1
    if isinstance(module, nn.ModuleList) or alone:
        last = [name for name, child in module.named_children() if has_weights(child)][-1]
        return [f'{stage}.{last}', *_after(network, stage)]
    return [stage, *_after(network, stage)]


def is_stage(module: nn.Module) -> bool:
    """Whether a module is a list of modules of which some have weights."""
    return isinstance(module, CONTAINERS) and has_weights(module)


def has_weights(module: nn.Module) -> bool:
    """Whether a module has parameters."""
    return next(module.parameters(), None) is not None


def _after(network: nn.Module, name: str) -> list[str]:
    """Modules with weights that were registered after one, beside it and beside those above it."""
    found = []
    while name:
        parent, _, own = name.rpartition('.')
        siblings = list(network.get_submodule(parent).named_children())
        later = siblings[[child for child, _ in siblings].index(own) + 1 :]
        prefix = f'{parent}.' if parent else ''
        found += [prefix + child for child, module in later if has_weights(module)]
        name = parent
    return found

"""Whether a checkpoint has all that a model needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import islice

from torch import Tensor, nn

from .run_parts import plain_name

MISSHAPEN = re.compile(r'size mismatch for (\S+): .*?Size\(\[(.*?)\]\).*?Size\(\[(.*?)\]\)')
TRAINING_PACKAGES = {'losses', 'selfsup'}


def unfilled(model: nn.Module, state_dict: Mapping[str, Tensor]) -> dict[str, str]:
    """What is wrong with each of a model's tensors that a state dict leaves as it was; the others are loaded.

    The load hooks of the model's parts run, so that a plain network's checkpoint fills a branched one.

    Returns:
        Name of the tensor to 'missing' or to its two shapes. The step counters of batch norm, which old files lack, are
        not looked at.
    """
    missing, error = [], ''
    handle = model.register_load_state_dict_post_hook(lambda _, keys: missing.extend(keys.missing_keys))
    try:
        model.load_state_dict(state_dict, strict=False)
    except RuntimeError as other_shapes:
        error = str(other_shapes)
    finally:
        handle.remove()
    missing = [plain_name(name) for name in missing if not name.endswith('num_batches_tracked')]
    problems = dict.fromkeys(missing, 'missing')
    for name, there, here in MISSHAPEN.findall(error):
        problems[plain_name(name)] = f'({there}) there, ({here}) in the model'
    return problems


def training_parts(model: nn.Module) -> list[str]:
    """Names of the modules that only training uses: losses and self-supervised terms, of this package and the host."""
    named = ((name, type(module).__module__.split('.')) for name, module in model.named_modules())
    return [name for name, path in named if name and not TRAINING_PACKAGES.isdisjoint(path)]


def own_parts(model: nn.Module, hooks: Iterable, training: bool) -> list[str]:
    """Names of what parts of the model, or hooks, say by ``fills(training)`` that they fill themselves.

    A module names its own modules and tensors, a hook those of the model.
    """
    named = [(f'{name}.' * bool(name), module) for name, module in model.named_modules()]
    named += [('', hook) for hook in hooks]
    givers = [(prefix, giver) for prefix, giver in named if hasattr(giver, 'fills')]
    return [f'{prefix}{part}' for prefix, giver in givers for part in giver.fills(training)]


def without(problems: Mapping[str, str], parts: Iterable[str]) -> dict[str, str]:
    """The problems that lie in none of these modules, nor are one of these tensors."""
    names = tuple(parts)
    return {
        name: what
        for name, what in problems.items()
        if not any(name == part or name.startswith(f'{part}.') for part in names)
    }


def describe_unfilled(problems: Mapping[str, str], shown: int = 4) -> str:
    """The first few problems and how many there are in all."""
    first = ', '.join(f'{name}: {what}' for name, what in islice(problems.items(), shown))
    more = f' and {len(problems) - shown} more' if len(problems) > shown else ''
    return f'{len(problems)} of its tensors are not filled ({first}{more})'

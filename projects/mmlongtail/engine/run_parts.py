"""What hooks look for in a run, with one error each where it is not there."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.config import Config
from mmengine.model import BaseTTAModel, is_model_wrapper
from mmengine.runner import IterBasedTrainLoop
from torch import nn
from torch.distributed.fsdp import FullyShardedDataParallel

from mmlongtail.structures import checks


def bare_model(model: nn.Module) -> nn.Module:
    """The classifier itself, out of what wraps it for several processes or several views."""
    while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
        model = model.module
    return model


def loadable(model: nn.Module) -> nn.Module:
    """What a state dict of whole tensors loads into: the model, or what FSDP made of it."""
    return model if isinstance(model, FullyShardedDataParallel) else bare_model(model)


def plain_name(name: str) -> str:
    """A parameter's name without what FSDP's wrappers of single blocks put in."""
    return name.replace('_fsdp_wrapped_module.', '')


def hook_configs(cfg: Config) -> list[dict]:
    """Configs of all hooks that a config names; those switched off are left out."""
    named = (cfg.get('default_hooks') or {}).values()
    return [hook for hook in (*named, *(cfg.get('custom_hooks') or ())) if hook is not None]


def named_module(model: nn.Module, name: str, field: str, within: str = '') -> nn.Module:
    """The module that a hook's field names, relative to the bare model.

    Args:
        model: The bare model.
        name: Of the module, with dots.
        field: Of the hook that names it.
        within: Part of the model whose modules the error lists; those of the first level by default.

    Raises:
        ValueError: If the model does not have it.
    """
    try:
        return model.get_submodule(name)
    except AttributeError:
        known = [other for other, _ in model.named_modules() if other.startswith(f'{within}.')]
        known = known if within else [other for other, _ in model.named_children()]
    checks.refuse(field, name, f'the name of a module of the model, such as {known}')


def check_counts_epochs(runner, receivers: Sequence[object]) -> None:
    """Refuse a loop of iterations where something changes from epoch to epoch.

    Such a loop calls itself one epoch: the first one's state would stay without a word.

    Args:
        runner: At the start of its training.
        receivers: What is told the epoch.

    Raises:
        ValueError: If there is a receiver and the loop counts iterations.
    """
    if receivers and isinstance(runner.train_loop, IterBasedTrainLoop):
        expected = (
            f'a loop of epochs such as ResumableEpochLoop: {type(receivers[0]).__name__} changes with them'
        )
        checks.refuse('train_cfg.type', type(runner.train_loop).__name__, expected)

"""What a model computes before it reaches a named module, so that it can be computed once and given back later."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from .row_packing import pack, row_shape, template_of, unpack


class _Reached(Exception):
    """Ends a forward pass at the named module, with what it was given."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class FrozenTrunk:
    """The part of a model before one of its modules.

    :meth:`trace` finds its modules, all that are run before the named one at its side or at the side of a module around
    it; :meth:`install` lets them pass through what :meth:`features` has given before, while they treat images as ever.
    A model that does anything else there than to call modules one after the other is found out by comparing its
    outputs of the two, not here.

    Args:
        model: The model; ``model(inputs, mode='tensor')`` reaches the module.
        until: Name of the first module that is not part of the trunk.

    Raises:
        ValueError: If the model has no such module.
    """

    def __init__(self, model: nn.Module, until: str) -> None:
        self.model, self.until = model, until
        known = [
            name for name, _ in model.named_modules() if name and not name.startswith('data_preprocessor')
        ]
        if until not in known:
            short = [name for name in known if name.count('.') < 2]
            raise ValueError(f'until is {until!r}, expected a module of the model, such as one of {short}')
        self.target = model.get_submodule(until)
        self.modules: dict[str, nn.Module] = {}
        self._templates: dict[tuple[int, ...], Any] = {}  # by the shape of a packed row
        self._active: Any = None
        self._is_installed = False

    def _beside(self) -> Iterator[tuple[str, nn.Module]]:
        """The modules beside the named one and beside those around it."""
        parts = self.until.split('.')
        for depth, own in enumerate(parts):
            above = '.'.join(parts[:depth])
            for name, module in self.model.get_submodule(above).named_children():
                if name != own and (depth or name != 'data_preprocessor'):
                    yield f'{above}.{name}'.lstrip('.'), module

    def trace(self, inputs: Tensor) -> Tensor:
        """Features of a batch of images; from now on the trunk's modules are known.

        Raises:
            ValueError: If the named module is not reached, nothing comes before it, or it is given no tensors of a row
                each image.
        """
        found: dict[str, nn.Module] = {}
        handles = [
            module.register_forward_hook(lambda *_, name=name, module=module: found.update({name: module}))
            for name, module in self._beside()
        ]
        try:
            value = self._reach(inputs)
        finally:
            for handle in handles:
                handle.remove()
        if not found:
            raise ValueError(f'until is {self.until!r}, expected a module that others come before')
        template = template_of(value, len(inputs))
        self.modules = found
        self._templates[row_shape(template)] = template
        return pack(value)

    def features(self, inputs: Tensor) -> Tensor:
        """What the named module gets of a batch, a row for each of its inputs."""
        return pack(self._reach(inputs))

    @torch.no_grad()
    def _reach(self, inputs: Tensor) -> Any:
        handle = self.target.register_forward_pre_hook(_stop, with_kwargs=True)
        try:
            with evaluated(self.model):
                self.model(inputs, mode='tensor')
        except _Reached as reached:
            return reached.value
        finally:
            handle.remove()
        raise ValueError(f'until is {self.until!r}, which the model does not run for its logits')

    def check_frozen(self) -> None:
        """Refuse a trunk that would change or be random while the rest is trained, as the model is in training now.

        Raises:
            ValueError: With the first such module.
        """
        for name, module in self.modules.items():
            for part, parameter in module.named_parameters():
                if parameter.requires_grad:
                    self._refuse(f'{name}.{part} is trained')
            for part, child in module.named_modules():
                inner = '.'.join(filter(None, (name, part)))
                if child.training and isinstance(child, _BatchNorm) and child.track_running_stats:
                    self._refuse(
                        f'the batch norm {inner} is in training mode (norm_eval=True keeps its statistics)'
                    )
                random = isinstance(child, _DropoutNd) and child.p > 0 or getattr(child, 'drop_prob', 0)
                if child.training and random:
                    self._refuse(f'{inner} drops at random')

    def _refuse(self, problem: str) -> None:
        raise ValueError(
            f'until is {self.until!r}, expected everything before it frozen, but {problem}: freeze it by the '
            "backbone's frozen_stages or a FreezeHook, or name an earlier module"
        )

    def install(self) -> None:
        """Let features pass, from the first call on."""
        if self._is_installed:
            return
        self._is_installed = True
        first = next(iter(self.modules))
        for name, module in self.modules.items():
            module.forward = partial(self._forward, name == first, module.forward)
        self.target.register_forward_pre_hook(self._end)

    def _forward(self, is_first: bool, forward, x, *args, **kwargs):
        if is_first:
            self._active = self._templates.get(tuple(x.shape[1:])) if isinstance(x, Tensor) else None
            x = unpack(x, self._active) if self._active is not None else x
        return x if self._active is not None else forward(x, *args, **kwargs)

    def _end(self, *_) -> None:
        self._active = None  # the same modules may be run again behind it


def _stop(module: nn.Module, args: tuple, kwargs: dict) -> None:
    tensors = [value for value in (*args[1:], *kwargs.values()) if isinstance(value, Tensor)]
    if not args or tensors:
        raise ValueError(f'{type(module).__name__} gets several tensors, expected one argument of features')
    raise _Reached(args[0])


@contextmanager
def evaluated(model: nn.Module) -> Iterator[None]:
    """The model in eval mode inside, in its own modes afterwards."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode

"""Classifier re-training: what was learned before stays as it is, to the last bit."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmpretrain.registry import HOOKS
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmlongtail.structures import checks

from ..run_parts import bare_model, named_module


@HOOKS.register_module()
class FreezeHook(Hook):
    """Train only what is not in ``modules``; these keep their weights and their batch-norm statistics.

    Source: Kang et al., "Decoupling Representation and Classifier for Long-Tailed Recognition", ICLR 2020, section 4
    (cRT); Li et al., CVPR 2022, section 3.4, which start from the classifier of stage 1. Frozen parameters get no
    gradient, so neither the optimizer's step nor its weight decay reaches them, and frozen modules are in eval mode
    in each iteration. A model that is wrapped for several processes is wrapped anew, without the frozen parameters.

    Args:
        modules: Names, relative to the model, of what is frozen; a part that the model could have and has not (a
            neck that is None) is passed over.
        reinitialize: Names of modules that start from their own initialization rather than from ``load_from``, as
            cRT's classifier does. A resumed run goes on with its checkpoint, and a test takes all of it.
        moving_statistics: Names of frozen modules, or of parts of them, whose batch norm goes on to normalize by the
            batch and to keep count of its mean and variance, so that they become those of the new sampling: shifted
            batch normalization (Zhong et al., MiSLAS, CVPR 2021, section 3.3).

    Raises:
        ValueError: If the model has no such module, nothing is left to be trained, or there is no batch norm whose
            statistics could move.
    """

    priority = 'HIGHEST'  # before what is told about the model, such as class counts to re-initialized losses

    def __init__(
        self,
        modules: Sequence[str] = ('backbone', 'neck'),
        reinitialize: Sequence[str] = (),
        moving_statistics: Sequence[str] = (),
    ) -> None:
        self.modules = checks.sequence('modules', modules, checks.text)
        self.reinitialize = checks.sequence('reinitialize', reinitialize, checks.text)
        self.moving_statistics = checks.sequence('moving_statistics', moving_statistics, checks.text)
        self._frozen: list[nn.Module] = []
        self._moving: list[nn.Module] = []
        self._fresh: dict[str, dict] = {}

    def fills(self, training: bool) -> tuple[str, ...]:
        """Modules that need nothing of a checkpoint."""
        return self.reinitialize if training else ()

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Keep the initial weights, which the checkpoint is about to overwrite."""
        found = self._find(runner.model, 'reinitialize')
        self._fresh = {name: deepcopy(module.state_dict()) for name, module in found.items()}

    def before_train(self, runner) -> None:
        """Put the initial weights back at the start of a training, and freeze."""
        if runner.iter == 0:
            for name, module in self._find(runner.model, 'reinitialize').items():
                module.load_state_dict(self._fresh.get(name, module.state_dict()))
        self._fresh = {}
        self._frozen = list(self._find(runner.model, 'modules').values())
        for module in self._frozen:
            module.requires_grad_(False)
        self._moving = self._moving_norms(runner.model)
        if not any(parameter.requires_grad for parameter in runner.model.parameters()):
            checks.refuse('modules', self.modules, 'to leave a parameter to train')
        if is_model_wrapper(runner.model):  # it would wait for the gradients of frozen parameters
            wrapped, runner.model = runner.model, None
            model = wrapped.module
            del wrapped  # takes its gradient hooks along
            runner.model = runner.wrap_model(runner.cfg.get('model_wrapper_cfg'), model)

    def before_train_iter(self, runner, batch_idx: int, data_batch=None) -> None:
        """Undo what ``model.train()`` did: each epoch begins with it."""
        for module in self._frozen:
            module.eval()
        for norm in self._moving:
            norm.train()

    def _moving_norms(self, model: nn.Module) -> list[nn.Module]:
        found = self._find(model, 'moving_statistics').values()
        norms = [module for part in found for module in part.modules() if isinstance(module, _BatchNorm)]
        if self.moving_statistics and not norms:
            checks.refuse('moving_statistics', self.moving_statistics, 'modules with batch norm')
        return norms

    def _find(self, model: nn.Module, field: str) -> dict[str, nn.Module]:
        model, found = bare_model(model), {}
        for name in getattr(self, field):
            if getattr(model, name, '') is not None:  # a neck may be None
                found[name] = named_module(model, name, field)
        return found

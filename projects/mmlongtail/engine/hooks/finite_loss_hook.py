"""No training on from a loss that is no number."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS
from torch import Tensor

from mmlongtail.structures import checks

from ..run_parts import bare_model, plain_name


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """End a run at its first loss that is NaN or infinite, before any checkpoint is written.

    The error names the iteration and the parts of the loss. Nor is a checkpoint written whose parameters are not
    finite, as after a gradient that is not. Reading the loss waits for the device once an iteration, which MMEngine's
    ``RuntimeInfoHook`` does anyway.

    Args:
        skip: Steps with such a loss that may be left out, in all of the run, before the error; each is logged. Several
            processes leave it out together. The loss is then read before the gradient is computed.

    Raises:
        FloatingPointError: At a loss or a parameter that is not finite.
        ValueError: If ``skip`` is negative.
    """

    priority = 'VERY_HIGH'  # before CheckpointHook and whatever else uses the loss
    key = 'skipped_steps'

    def __init__(self, skip: int = 0) -> None:
        self.skip = checks.whole('skip', skip, at_least=0)
        self._left_out = False

    def before_train(self, runner) -> None:
        """Where steps may be left out, stand between the loss and the optimizer."""
        if not self.skip:
            return
        step = runner.optim_wrapper.update_params

        def update_params(loss: Tensor, *args, **kwargs) -> None:
            self._left_out = not _finite_everywhere(loss)
            if not self._left_out:
                step(loss, *args, **kwargs)

        runner.optim_wrapper.update_params = update_params

    def after_train_iter(
        self, runner, batch_idx: int, data_batch=None, outputs: Mapping | None = None
    ) -> None:
        """Read the loss."""
        losses = {name: value for name, value in (outputs or {}).items() if 'loss' in name}
        if not self._left_out and _finite(losses.get('loss', losses)):
            return
        parts = {name: torch.as_tensor(value).item() for name, value in losses.items() if not _finite(value)}
        parts = parts if parts.keys() <= {'loss'} else {k: v for k, v in parts.items() if k != 'loss'}
        what = ', '.join(f'{name} = {value}' for name, value in parts.items()) or "another process's loss"
        self._count(runner, f'iteration {runner.iter + 1} of {runner.max_iters}: {what}, not finite')

    def _count(self, runner, words: str) -> None:
        skipped = runner.message_hub.get_info(self.key, 0)
        if skipped >= self.skip or not self._left_out:  # several optimizers pass us by
            former = f' after {skipped} steps left out' if skipped else ''
            raise FloatingPointError(
                f'{words}{former}. No checkpoint was written since. A lower learning rate, clipped gradients '
                '(optim_wrapper.clip_grad) or full precision may help; FiniteLossHook(skip=N) leaves out N such steps'
            )
        runner.message_hub.update_info(self.key, skipped + 1)
        runner.logger.warning(f'{words}: step {skipped + 1} of at most {self.skip} left out')

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Look at the parameters; buffers may hold infinities on purpose."""
        saved = checkpoint['state_dict']  # not the model's own, which may be shards of them
        for name in map(plain_name, dict(bare_model(runner.model).named_parameters())):
            if name in saved and not _finite(saved[name]):
                raise FloatingPointError(
                    f'iteration {runner.iter}: parameter {name} is not finite, so no checkpoint is written'
                )


def _finite(values: Tensor | Mapping[str, Tensor]) -> bool:
    if isinstance(values, Mapping):
        return all(_finite(value) for value in values.values())
    return bool(torch.isfinite(torch.as_tensor(values).detach()).all())


def _finite_everywhere(loss: Tensor) -> bool:
    """Whether the loss is finite in all processes: they take a step together or not at all."""
    finite = torch.isfinite(loss.detach()).all().to(torch.int32)
    all_reduce(finite, 'min')
    return bool(finite)

"""Mean probabilities of positive and negative labels over training, for any multi-label loss."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from mmengine.dist import all_reduce, is_main_process
from mmengine.hooks import Hook, LoggerHook
from mmpretrain.registry import HOOKS
from torch import nn

from mmlongtail.structures import MULTI_LABEL, ClassGroups, GroupsConfig, checks

from ..run_parts import bare_model, named_module

SIGNS = ('pos', 'neg')


@HOOKS.register_module()
class LabelProbabilityHook(Hook):
    """Write the mean p+ and p- of each class group with the log: ``p_pos_head``, ..., ``p_neg_tail``.

    Source: Lin, "Probability Guided Loss for Long-Tailed Multi-Label Image Classification", 2022, Figs. 1, 3, 4, 5.
    p+ is ``sigmoid(z)`` of a positive label, p- is ``1 - sigmoid(z)`` of a negative one, z being the logit that the
    loss gets. A record is the mean over all labels of a sign and a group, of all processes, since the last record;
    a soft label is in part positive and in part negative (eq. 6). A group without such labels has no record.

    The labels since the last record are kept in the checkpoint (of several processes the main one's share).

    Args:
        interval: Iterations between two records, a multiple of LoggerHook's; as there, counted within an epoch,
            with a record at the end of a short epoch.
        losses: Names, relative to the model, of the modules called with logits and multi-hot targets (B, K): for
            collaborative training ``head.loss_module.classification.0`` and ``.1``. With several names the
            records are ``p_pos_head_0``, ``p_pos_head_1`` and so on.
        groups: What differs from the preset ``multi_label``, see :meth:`ClassGroups.from_config`.

    Raises:
        ValueError: If an argument is not as said, the model has no such module or it is called with other shapes.
        RuntimeError: If training starts before any class counts are known.
    """

    priority = 'NORMAL'  # before LoggerHook, which writes the records
    key = 'label_probability'

    def __init__(
        self,
        interval: int = 20,
        losses: Sequence[str] = ('head.loss_module',),
        groups: GroupsConfig = None,
    ) -> None:
        self.interval = checks.whole('interval', interval)
        self.losses = checks.sequence('losses', losses, checks.text, at_least=1)
        self.groups = ClassGroups.from_config(groups, MULTI_LABEL)
        indices = [f'_{i}' for i in range(len(losses))] if len(losses) > 1 else ['']
        self._keys = [
            f'train/p_{sign}_{group}{i}' for i in indices for sign in SIGNS for group in self.groups.names
        ]
        self._groups: np.ndarray | None = None
        self._sums: torch.Tensor | None = None  # (losses, 4, K): sums of p+ and p-, numbers of labels
        self._resumed: torch.Tensor | None = None
        self._handles: list = []
        self._ignore_last = True

    def set_class_statistics(self, statistics) -> None:
        """Take the class groups from the run's :class:`ClassStatistics`."""
        self._groups = self.groups.assign(statistics.class_counts)

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Take what had been gathered since the last record."""
        self._resumed = checkpoint.get(self.key)

    def before_train(self, runner) -> None:
        """Listen to the losses."""
        if self._groups is None:
            raise RuntimeError(
                'LabelProbabilityHook knows no class counts: list ClassStatisticsHook in default_hooks, which takes '
                'them from the train dataset'
            )
        self._adapt_to_logger(runner.hooks)
        model = bare_model(runner.model)
        modules = [named_module(model, name, 'losses', within='head') for name in self.losses]
        device = next(model.parameters()).device
        self._sums = torch.zeros(len(modules), 4, len(self._groups), device=device)
        goes_on = runner.iter and self._resumed is not None and is_main_process()
        if goes_on and self._resumed.shape == self._sums.shape:
            self._sums.copy_(self._resumed)
        self._handles = [
            module.register_forward_pre_hook(partial(self._gather, i), with_kwargs=True)
            for i, module in enumerate(modules)
        ]

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Hand the means over to the LoggerHook of this iteration, and only to that one."""
        scalars = runner.message_hub.log_scalars
        for key in self._keys:
            scalars.pop(key, None)  # LoggerHook would write an old value again
        loader = runner.train_dataloader
        ends = self.end_of_epoch(loader, batch_idx)
        if self.every_n_inner_iters(batch_idx, self.interval) or (
            ends and (len(loader) <= self.interval or not self._ignore_last)
        ):
            self._record(runner.message_hub)

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Store what was gathered since the last record, and not the record itself, which is written by then."""
        if self._sums is not None:
            checkpoint[self.key] = self._sums.cpu()
            for key in self._keys:
                checkpoint['message_hub']['log_scalars'].pop(key, None)
                checkpoint['message_hub']['resumed_keys'].pop(key, None)

    def after_train(self, runner) -> None:
        """Leave the losses alone."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def _adapt_to_logger(self, hooks: Sequence[Hook]) -> None:
        for logger in hooks:
            if isinstance(logger, LoggerHook):
                if logger.interval > 0 and self.interval % logger.interval:
                    expected = f"a multiple of LoggerHook's, {logger.interval}, which writes the records"
                    checks.refuse('interval', self.interval, expected)
                self._ignore_last = logger.ignore_last

    @torch.no_grad()
    def _gather(self, index: int, module: nn.Module, args: tuple, kwargs: dict) -> None:
        """Add a batch to the sums of a loss; nothing here waits for the device."""
        if not module.training:
            return
        logits, targets = (*args, *kwargs.values())[:2]
        if logits.shape != targets.shape or logits.shape[1:] != self._groups.shape:
            raise ValueError(
                f'{self.losses[index]} is called with {tuple(logits.shape)} and {tuple(targets.shape)}, expected '
                f'logits and multi-hot targets (B, {len(self._groups)}): name other losses'
            )
        logits, targets = logits.float(), targets.float()
        labels = torch.stack((targets, 1 - targets))  # (2, B, K)
        right = torch.stack((logits, -logits)).sigmoid()
        self._sums[index] += torch.cat(((labels * right).sum(1), labels.sum(1)))

    def _record(self, message_hub) -> None:
        """Reduce the sums over processes, classes and labels, and start over."""
        all_reduce(self._sums)
        sums = self._sums.cpu().double().numpy()
        self._sums.zero_()
        number = len(self.groups.names)
        groups = [sums[..., self._groups == group].sum(-1) for group in range(number)]
        totals, numbers = np.stack(groups, -1).reshape(-1, 2, 2 * number).transpose(1, 0, 2)
        for key, total, number in zip(self._keys, totals.ravel(), numbers.ravel()):
            if number:
                message_hub.update_scalar(key, total / number)

"""Transforms that change in the course of the training."""

from __future__ import annotations

from collections.abc import Iterator

from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS


@HOOKS.register_module()
class TransformProgressHook(Hook):
    """Before each epoch, tell the train pipeline's transforms with ``set_progress`` how much of the training is done.

    Transforms in others (``transforms``) and data sets in wrappers are found, too.

    Raises:
        ValueError: If there is no such transform.
    """

    def before_train_epoch(self, runner) -> None:
        """Tell them; the loader starts only after this."""
        receivers = list(_receivers(runner.train_dataloader.dataset))
        if not receivers:
            raise ValueError(
                'TransformProgressHook finds no transform with set_progress in the train pipeline, expected one '
                'such as MinimalistCrop'
            )
        for transform in receivers:
            transform.set_progress(runner.iter / runner.max_iters)


def _receivers(node) -> Iterator:
    if hasattr(node, 'set_progress'):
        yield node
    inner = [getattr(node, name, None) for name in ('dataset', 'pipeline')]
    lists = [getattr(node, name, None) or () for name in ('datasets', 'transforms')]
    for each in [part for part in inner if part is not None] + [part for parts in lists for part in parts]:
        yield from _receivers(each)

"""Class weights divided by a power of their lengths, without any training (Kang et al., ICLR 2020)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS
from torch import Tensor, nn

from mmlongtail.models.heads.cosine_head import CosineLinear
from mmlongtail.structures import checks

from ..run_parts import bare_model


def classifier_layers(head: nn.Module) -> list[nn.Linear]:
    """The layers of a head that score its classes: one of a linear head, one per branch of a multi-branch head.

    Raises:
        ValueError: If it has none, or one that compares directions only.
    """
    name, classes = type(head).__name__, getattr(head, 'num_classes', None)
    layers = [m for m in head.modules() if isinstance(m, nn.Linear) and m.out_features == classes]
    if not layers:
        raise ValueError(f'{name} has no linear layer of its {classes} classes, expected a linear classifier')
    if any(isinstance(layer, CosineLinear) for layer in layers):
        raise ValueError(
            f'{name} ignores the lengths of its weights: give its checkpoint to a LinearClsHead, with drop_bias=True'
        )
    return layers


def normalize_weights(weight: Tensor, tau: float) -> Tensor:
    """``w_k / |w_k|^tau``, (K, D); a weight of all zeros stays one."""
    length = weight.norm(dim=1, keepdim=True)
    return weight / length.where(length > 0, 1) ** tau


@contextmanager
def tau_normalized(head: nn.Module, tau: float, drop_bias: bool = False) -> Iterator[None]:
    """Within it the head's classifiers are normalized; afterwards they are what they were, bit for bit."""
    layers = classifier_layers(head)
    before = [(layer.weight.data, None if layer.bias is None else layer.bias.data) for layer in layers]
    try:
        for layer in layers:
            layer.weight.data = normalize_weights(layer.weight.data, tau)
            if drop_bias and layer.bias is not None:
                layer.bias.data = torch.zeros_like(layer.bias.data)
        yield
    finally:
        for layer, (weight, bias) in zip(layers, before):
            layer.weight.data = weight
            if bias is not None:
                layer.bias.data = bias


@HOOKS.register_module()
class TauNormalizationHook(Hook):
    """Validate and test with class weights ``w_k / |w_k|^tau``; training and checkpoints keep the weights themselves.

    Source: Kang et al., "Decoupling Representation and Classifier for Long-Tailed Recognition", ICLR 2020, eq. (5).
    A cosine classifier has lengths 1 already and is refused; its checkpoint can be tested with a LinearClsHead and
    ``drop_bias``, of which 1 gives the cosine classifier's own predictions and more re-balances them.

    Args:
        tau: Exponent: 0 changes nothing, 1 gives unit lengths, more makes long weights shorter than others.
        drop_bias: Leave the bias out, as the paper does.

    Raises:
        ValueError: For a negative ``tau``, or at the first image if the head is no linear classifier.
    """

    def __init__(self, tau: float = 1.0, drop_bias: bool = False) -> None:
        self.tau = checks.number('tau', tau, at_least=0)
        self.drop_bias = checks.flag('drop_bias', drop_bias)
        self._stack = ExitStack()

    def fills(self, training: bool) -> tuple[str, ...]:
        """Tensors that need nothing of a checkpoint."""
        return ('head.fc.bias',) if self.drop_bias and not training else ()

    # Around each batch and not around the epoch, before and after which EMAHook exchanges all weights.
    def before_test_iter(self, runner, batch_idx: int, data_batch=None) -> None:
        """Normalize."""
        head = bare_model(runner.model).head
        self._stack.enter_context(tau_normalized(head, self.tau, self.drop_bias))

    def after_test_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Restore."""
        self._stack.close()

    before_val_iter, after_val_iter = before_test_iter, after_test_iter

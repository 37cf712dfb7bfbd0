"""The focal loss of labels, value and gradient in one pass."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable


def focal_softplus(error: Tensor, exponent: float | Tensor, focus: Tensor | None = None) -> Tensor:
    """``sigmoid(focus)^exponent log(1 + exp(error))``: the focal loss of labels by how wrong their logit is.

    Source: Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, eq. (4). The gradient is finite where the
    sigmoid underflows. There is no second derivative.

    Args:
        error: -z of a positive label, z of a negative one, z being its logit; any shape.
        exponent: The focusing parameter, >= 0: a number, or a constant tensor that broadcasts to ``error``.
        focus: What the focal factor looks at, like ``error``; ``error`` itself unless given.
    """
    if isinstance(exponent, int | float) and exponent == 0:
        return F.softplus(error)
    return _FocalSoftplus.apply(error, exponent, focus)


class _FocalSoftplus(torch.autograd.Function):
    """Value and derivatives share their exponentials, which autograd's own steps would compute anew."""

    @staticmethod
    def forward(ctx, error: Tensor, exponent: float | Tensor, focus: Tensor | None) -> Tensor:
        softplus, log_sigmoid = _softplus_and_log_sigmoid(error)
        slope = log_sigmoid.exp()  # of softplus
        wrong = softplus  # the logarithm of 1 - sigmoid(focus), but for its sign
        if focus is not None:
            wrong, log_sigmoid = _softplus_and_log_sigmoid(focus)
        factor = (exponent * log_sigmoid).exp_()
        value = factor * softplus
        by_focus = wrong.neg().exp_().mul_(value).mul_(exponent)
        by_error = slope.mul_(factor)
        if focus is None:
            ctx.save_for_backward(by_error.add_(by_focus))
        else:
            ctx.save_for_backward(by_error, by_focus)
        return value

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor | None, ...]:
        by_error, *by_focus = (grad * slope for slope in ctx.saved_tensors)
        return by_error, None, by_focus[0] if by_focus else None


def _softplus_and_log_sigmoid(x: Tensor) -> tuple[Tensor, Tensor]:
    """``log(1 + exp(x))`` and ``log(sigmoid(x))``, both without cancellation."""
    small = x.abs().neg_().exp_().log1p_()
    return x.clamp(min=0).add_(small), x.clamp(max=0).sub_(small)

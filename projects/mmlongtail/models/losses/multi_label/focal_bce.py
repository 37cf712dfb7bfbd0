"""Binary cross-entropy with focal factors and scales of positives and negatives: the core of several losses."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

Value = float | Tensor


class Side(NamedTuple):
    """What positive or negative labels have to themselves: a number each, or a constant tensor (K,)."""

    scale: float | Tensor = 1.0
    divisor: float | Tensor = 1.0
    exponent: float | Tensor = 0.0


def focal_bce(
    logits: Tensor,
    targets: Tensor,
    positive: Side,
    negative: Side,
    bias: float | Tensor = 0.0,
    plain_focus: bool = False,
) -> Tensor:
    """The loss of each label, (B, K): ``sigmoid(f)^exponent log(1 + exp(e)) / divisor``.

    Source: Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, eq. (4), with the scales and the bias of Wu
    et al., ECCV 2020. With z' = z + bias, e is ``-scale z'`` of a positive label and ``scale z'`` of a negative one.
    The gradient goes into the logits alone, and is finite where the sigmoid underflows. There is no second derivative.

    Args:
        logits: z, (B, K).
        targets: (B, K), multi-hot or soft labels in [0, 1], of the dtype of the logits.
        positive: Scale, divisor and focusing parameter of positive labels.
        negative: The same of negative labels.
        bias: Added to the logits, a number or (K,).
        plain_focus: Whether f is -z or z, without scale and bias, and not e.
    """
    step = -positive.scale, negative.scale  # by which the error grows with the logit
    factor = 1 / positive.divisor, 1 / negative.divisor
    exponent = positive.exponent, negative.exponent
    signs = (-1.0, 1.0)
    # a soft label is in part positive and in part negative
    if torch.compiler.is_compiling() or targets.frac().any():
        sides = zip(step, factor, exponent, signs if plain_focus else (None, None))
        of_positive, of_negative = (_FocalSoftplus.apply(logits, bias, *side) for side in sides)
        return torch.lerp(of_negative, of_positive, targets)
    side = (_of_label(targets, *values) for values in (step, factor, exponent))
    return _FocalSoftplus.apply(logits, bias, *side, _of_label(targets, *signs) if plain_focus else None)


def _of_label(targets: Tensor, positive: Value, negative: Value) -> Value:
    """The value of each label's own side, (B, K), or what both sides have."""
    numbers = not isinstance(positive, Tensor) and not isinstance(negative, Tensor)
    if positive is negative or (numbers and positive == negative):
        return positive
    of_negative, of_positive = (
        v if isinstance(v, Tensor) else targets.new_full((), v) for v in (negative, positive)
    )
    return torch.lerp(of_negative, of_positive, targets)


class _FocalSoftplus(torch.autograd.Function):
    """Value and gradient in one pass: autograd's own steps compute the exponentials again, and keep them all."""

    @staticmethod
    def forward(
        ctx, logits: Tensor, bias: Value, step: Value, factor: Value, exponent: Value, sign: Value | None
    ):
        error = (logits + bias).mul_(step)
        slope = error.sigmoid()
        small = error.abs().neg_().exp_().log1p_()
        value = error.clamp(min=0).add_(small)
        if _is(exponent, 0):
            slope.mul_(step)
        else:
            if sign is None:
                right, log_wrong, rise = value.neg().exp_(), error.clamp_(max=0).sub_(small), step
            else:
                right, log_wrong, rise = (logits * -sign).sigmoid(), F.logsigmoid(logits * sign), sign
            value.mul_(focal := log_wrong.mul_(exponent).exp_())
            slope.mul_(focal).mul_(step).addcmul_(right.mul_(exponent * rise), value)
        if not _is(factor, 1):
            value.mul_(factor)
            slope.mul_(factor)
        ctx.save_for_backward(slope)
        return value

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor | None, ...]:
        return grad * ctx.saved_tensors[0], *[None] * 5


def _is(value: Value, number: float) -> bool:
    return not isinstance(value, Tensor) and value == number

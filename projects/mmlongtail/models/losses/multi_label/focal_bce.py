"""Binary cross-entropy with focal factors and scales of positives and negatives: the core of several losses."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

Value = float | Tensor
EXACT = 40.0  # above, log(1 + exp(x)) is x in float64 too


class Side(NamedTuple):
    """What positive or negative labels have to themselves: a number each, or a constant tensor (K,)."""

    scale: float | Tensor = 1.0
    factor: float | Tensor = 1.0
    exponent: float | Tensor = 0.0


def focal_bce(
    logits: Tensor,
    targets: Tensor,
    positive: Side,
    negative: Side,
    bias: float | Tensor = 0.0,
    plain_focus: bool = False,
    weight: Tensor | None = None,
) -> Tensor:
    """The loss of each label, (B, K): ``weight factor sigmoid(f)^exponent log(1 + exp(e))``.

    Source: Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, eq. (4), with the scales and the bias of Wu
    et al., ECCV 2020. With z' = z + bias, e is ``-scale z'`` of a positive label and ``scale z'`` of a negative one.
    The gradient goes into the logits alone, and is finite where the sigmoid underflows. There is no second derivative.

    Args:
        logits: z, (B, K).
        targets: (B, K), multi-hot or soft labels in [0, 1], of the dtype of the logits.
        positive: Scale, factor and focusing parameter of positive labels.
        negative: The same of negative labels.
        bias: Added to the logits, a number or (K,).
        plain_focus: Whether f is -z or z, without scale and bias, and not e.
        weight: Factor of each label, of a shape that broadcasts with (B, K); 1 unless given.
    """
    sides = bias, weight, plain_focus, *positive, *negative
    if not (torch.compiler.is_compiling() or targets.frac().sum()):
        return _FocalSoftplus.apply(logits, targets, *sides)
    # a soft label is in part positive and in part negative
    of_negative, of_positive = (_FocalSoftplus.apply(logits, targets.new_full((), y), *sides) for y in (0, 1))
    return torch.lerp(of_negative, of_positive, targets)


def _of_label(targets: Tensor, positive: Value, negative: Value) -> Value:
    """The value of each label's own side, like the targets, or what both sides have."""
    numbers = not isinstance(positive, Tensor) and not isinstance(negative, Tensor)
    if numbers and positive == negative:
        return positive
    of_negative, of_positive = (
        v if isinstance(v, Tensor) else targets.new_full((), v) for v in (negative, positive)
    )
    return torch.lerp(of_negative, of_positive, targets)


class _FocalSoftplus(torch.autograd.Function):
    """Value and gradient in one pass: autograd's own steps compute the exponentials again, and keep them all.

    What differs from label to label is made where it is used, and nearly all is done in place: new memory costs more
    time than arithmetic does.
    """

    @staticmethod
    def forward(
        ctx, logits: Tensor, targets: Tensor, bias: Value, weight: Tensor | None, plain: bool, *sides
    ):
        scales, factors, exponents = zip(sides[:3], sides[3:])
        step = _of_label(targets, -scales[0], scales[1])  # by which the error grows with the logit
        error = (logits + bias).mul_(step)
        value, slope = F.softplus(error, threshold=EXACT), error.sigmoid()
        exponent = _of_label(targets, *exponents)
        if _is(exponent, 0):
            slope.mul_(step)
        else:
            right = error.copy_(torch.as_tensor(step)).sign_().mul_(logits).neg_() if plain else error.neg_()
            if plain or isinstance(exponent, Tensor):
                log_wrong = F.softplus(right, threshold=EXACT).neg_()
            else:  # faster, but not exact enough for the large exponents that batches can give
                log_wrong = slope.clamp(min=torch.finfo(slope.dtype).tiny).log_()
            focal = log_wrong.mul_(exponent).exp_()
            right.sigmoid_().mul_(value.mul_(focal)).mul_(exponent)
            slope.mul_(focal)
            if plain:
                slope.mul_(step).add_(right.copysign_(step))
            else:
                slope.add_(right).mul_(step)
        factor = _of_label(targets, *factors)
        factor = factor if weight is None else factor * weight
        if not _is(factor, 1):
            value.mul_(factor)
            slope.mul_(factor)
        ctx.save_for_backward(slope)
        return value

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor | None, ...]:
        return grad * ctx.saved_tensors[0], *[None] * 10


def _is(value: Value, number: float) -> bool:
    return not isinstance(value, Tensor) and value == number

"""Figure 2 of the probability guided loss (Lin, 2022): how strongly losses push a negative label, over its logit."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from matplotlib.figure import Figure
from torch import Tensor

from mmlongtail.models.losses import DistributionBalancedLoss, MultiLabelFocalLoss


def losses_of_figure_2() -> dict[str, Callable[[Tensor, Tensor], Tensor]]:
    """BCE, negative-tolerant regularization (NTR) of DB loss without its class bias, and focal loss."""

    def tolerant(scale: float) -> DistributionBalancedLoss:
        plain = dict(init_bias=0.0, focal_gamma=0.0, balance=1.0, reweight=False)
        return DistributionBalancedLoss(neg_scale=scale, **plain, class_counts=[1], num_images=2)

    return {
        'BCE': tolerant(1.0),
        'NTR, λ = 2': tolerant(2.0),
        'NTR, λ = 5': tolerant(5.0),
        'Focal, λ = 2': MultiLabelFocalLoss(focal_gamma=2.0, balance=1.0),
    }


def negative_gradient(loss: Callable[[Tensor, Tensor], Tensor], logits: Tensor) -> Tensor:
    """Gradient of the loss of one negative label at each logit, (L,).

    Args:
        loss: Of logits and targets, (B, 1) each; a mean over both.
        logits: (L,).
    """
    points = logits[:, None].clone().requires_grad_()
    mean = loss(points, torch.zeros_like(points))
    return torch.autograd.grad(mean, points)[0][:, 0] * len(logits)


def gradient_figure(losses: Mapping[str, Callable[[Tensor, Tensor], Tensor]]) -> Figure:
    """A line per loss: the gradient on negative labels over their logit, from -6 to 6."""
    logits = torch.linspace(-6, 6, 241, dtype=torch.float64)
    figure = Figure(figsize=(5, 3.4), layout='constrained')
    ax = figure.subplots()
    for name, loss in losses.items():
        ax.plot(logits.numpy(), negative_gradient(loss, logits).numpy(), label=name)
    ax.set(xlabel='logit of a negative label', ylabel='gradient of its loss')
    ax.grid(alpha=0.3)
    ax.legend(fontsize=8)
    return figure

"""The curves of Fig. 2 against their derivatives by hand."""

import pytest
import torch

from mmlongtail.visualization.loss_gradients import gradient_figure, losses_of_figure_2, negative_gradient


def test_gradients_are_the_derivatives_by_hand():
    logits = torch.linspace(-6, 6, 13, dtype=torch.float64)
    p = logits.sigmoid()
    log = torch.log1p(logits.exp())
    expected = {
        'BCE': p,
        'NTR, λ = 2': (2 * logits).sigmoid(),
        'NTR, λ = 5': (5 * logits).sigmoid(),
        'Focal, λ = 2': p**3 + 2 * p**2 * (1 - p) * log,
    }
    losses = losses_of_figure_2()
    assert list(losses) == list(expected)
    for name, loss in losses.items():
        torch.testing.assert_close(negative_gradient(loss, logits), expected[name], rtol=1e-9, atol=1e-12)


def test_figure_draws_each_loss_over_its_logit():
    [ax] = gradient_figure(losses_of_figure_2()).axes
    assert [line.get_label() for line in ax.lines] == list(losses_of_figure_2())
    assert ax.lines[0].get_xydata()[120] == pytest.approx([0, 0.5]) and len(ax.lines[0].get_xydata()) == 241

import math

import pytest
import torch

from mmlongtail.models.losses import MultiLabelLDAMLoss

COUNTS = [150, 60, 5, 0]  # the last class counts as one with a single image


def naive(logits, targets, max_margin, counts):
    """BCE whose positives see z - C / n^(1/4), number by number in float64."""
    total, counts = 0.0, [max(n, 1) for n in counts]
    scale = max_margin / max(n**-0.25 for n in counts)
    for z_row, y_row in zip(logits.tolist(), targets.tolist()):
        for z, y, n in zip(z_row, y_row, counts):
            positive = math.log(1 + math.exp(-(z - scale / n**0.25)))
            total += y * positive + (1 - y) * math.log(1 + math.exp(z))
    return total / logits.numel()


@pytest.mark.parametrize('max_margin', [0.5, 2, 0])
@pytest.mark.parametrize('soft', [False, True], ids=['hard', 'soft'])
@pytest.mark.parametrize(('images', 'counts'), [(6, COUNTS), (1, COUNTS), (6, [7]), (6, COUNTS[:3])])
def test_equals_the_formula(max_margin, soft, images, counts):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(images, len(counts), generator=generator, dtype=torch.float64) * 3
    targets = torch.rand(images, len(counts), generator=generator, dtype=torch.float64)
    targets = targets if soft else (targets < 0.3).long()
    loss = MultiLabelLDAMLoss(max_margin, counts)
    expected = naive(logits, targets, max_margin, counts)
    assert loss(logits, targets).item() == pytest.approx(expected, rel=1e-12)
    assert loss(logits.float(), targets).item() == pytest.approx(expected, rel=1e-5)


def test_margins_by_hand():
    loss = MultiLabelLDAMLoss(0.6, [81, 16, 1], reduction='none')
    margins = torch.tensor([[0.2, 0.3, 0.6]])
    assert loss(margins, torch.ones(1, 3))[0].tolist() == pytest.approx([math.log(2)] * 3, rel=1e-6)
    assert loss(torch.zeros(1, 3), torch.zeros(1, 3))[0].tolist() == pytest.approx([math.log(2)] * 3)


def test_largest_margin_is_half_by_default():
    loss = MultiLabelLDAMLoss(class_counts=[90, 7])
    assert loss(torch.tensor([[-9.0, 0.5]]), torch.tensor([[0, 1]])).item() == pytest.approx(
        (math.log1p(math.exp(-9)) + math.log(2)) / 2, rel=1e-6
    )


def test_negative_margin_is_refused():
    with pytest.raises(ValueError, match='max_margin.*-1'):
        MultiLabelLDAMLoss(-1)

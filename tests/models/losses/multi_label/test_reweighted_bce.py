import math

import pytest
import torch

from mmlongtail.models.losses import ReweightedBCELoss

COUNTS, IMAGES = [150, 200, 30, 0], 200  # a class of every image, a class of none


def naive(logits, targets, mode):
    """BCE times N / n_k or its square root, number by number in float64."""
    total = 0.0
    for z_row, y_row in zip(logits.tolist(), targets.tolist()):
        for z, y, n in zip(z_row, y_row, COUNTS):
            p = 1 / (1 + math.exp(-z))
            ratio = IMAGES / max(n, 1)
            weight = ratio if mode == 'inv' else math.sqrt(ratio)
            total -= weight * (y * math.log(p) + (1 - y) * math.log(1 - p))
    return total / logits.numel()


@pytest.mark.parametrize('mode', ['inv', 'sqrt_inv'])
@pytest.mark.parametrize('soft', [False, True], ids=['hard', 'soft'])
@pytest.mark.parametrize(('images', 'classes'), [(6, 4), (1, 4), (6, 1)])
def test_equals_the_formula(mode, soft, images, classes):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(images, classes, generator=generator, dtype=torch.float64) * 3
    targets = torch.rand(images, classes, generator=generator, dtype=torch.float64)
    targets = targets if soft else (targets < 0.3).long()
    loss = ReweightedBCELoss(mode, COUNTS[:classes], IMAGES)
    assert loss(logits, targets).item() == pytest.approx(naive(logits, targets, mode), rel=1e-12)
    assert loss(logits.float(), targets).item() == pytest.approx(naive(logits, targets, mode), rel=1e-5)


@pytest.mark.parametrize(('config', 'factors'), [(dict(mode='inv'), [1, 4, 16]), (dict(), [1, 2, 4])])
def test_factors_by_hand(config, factors):
    loss = ReweightedBCELoss(**config, class_counts=[16, 4, 1], num_images=16, reduction='none')
    for label in (0, 1):  # both sides have the factor of the class
        elements = loss(torch.zeros(1, 3), torch.full((1, 3), label))[0]
        assert elements.tolist() == pytest.approx([f * math.log(2) for f in factors], rel=1e-6)


def test_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="mode.*'log'.*sqrt_inv"):
        ReweightedBCELoss('log')

import math

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from mmlongtail.models.losses import DistributionBalancedLoss

COUNTS, IMAGES = [150, 200, 60, 30, 10, 0], 200  # a class of every image, a class of none
OFF = dict(reweight=False, neg_scale=1, init_bias=0, focal_gamma=0, balance=1)
VOC = dict(map_alpha=0.1, map_beta=10, map_mu=0.3, neg_scale=5, init_bias=0.05, focal_gamma=2, balance=2)


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def naive(logits, targets, reweight=True, **settings):
    """The loss of the paper, number by number in float64."""
    alpha, beta, mu, scale, kappa, gamma, balance = (VOC | settings).values()
    total = 0.0
    for z_row, y_row in zip(logits.tolist(), targets.tolist()):
        inverse = sum(y / max(n, 1) for y, n in zip(y_row, COUNTS))
        for z, y, n in zip(z_row, y_row, COUNTS):
            n, others = max(n, 1), max(IMAGES - n, 1)
            r = 1 / n / inverse if inverse else 0
            w = alpha + sigmoid(beta * (r - mu)) if reweight else 1
            z += kappa / scale * math.log(n / others)
            positive = (1 - sigmoid(z)) ** gamma * math.log(1 + math.exp(-z))
            negative = (1 - sigmoid(-scale * z)) ** gamma * math.log(1 + math.exp(scale * z)) / scale
            total += balance * w * (y * positive + (1 - y) * negative)
    return total / logits.numel()


def batch(images=8, classes=6, soft=False):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(images, classes, generator=generator, dtype=torch.float64)
    targets = torch.rand(images, classes, generator=generator, dtype=torch.float64)
    targets = targets * (targets < 0.4)
    targets[0] = 0  # an image without positives
    return logits, targets if soft else (targets > 0).long()


@pytest.mark.parametrize(
    'settings',
    [
        dict(),
        dict(neg_scale=2, map_mu=0.2),  # COCO-LT
        dict(map_alpha=0.3, map_beta=4, init_bias=0.2, focal_gamma=0.5, balance=3),
        dict(reweight=False),
        dict(neg_scale=1, init_bias=0),
        dict(focal_gamma=0, balance=1),
    ],
    ids=str,
)
@pytest.mark.parametrize('soft', [False, True], ids=['hard', 'soft'])
@pytest.mark.parametrize(('images', 'classes'), [(8, 6), (1, 6), (8, 1)])
def test_equals_the_formula(settings, soft, images, classes):
    logits, targets = batch(images, classes, soft)
    loss = DistributionBalancedLoss(**settings, class_counts=COUNTS[:classes], num_images=IMAGES)
    expected = naive(logits, targets, **settings)
    assert loss(logits, targets).item() == pytest.approx(expected, rel=1e-9)
    assert loss(logits.float(), targets).item() == pytest.approx(expected, rel=1e-5)


def test_defaults_by_hand():
    loss = DistributionBalancedLoss(class_counts=[10, 10, 10], num_images=20, reduction='none')  # no bias
    positive = 2 * (0.1 + 0.8807970780) * 0.25 * math.log(2)  # r = 1/2 for all: w = 0.1 + sigmoid(2)
    nothing = 2 * (0.1 + 0.0474258732) * 0.25 * math.log(2) / 5  # r = 0: w = 0.1 + sigmoid(-3)
    elements = loss(torch.zeros(2, 3), torch.tensor([[1, 1, 0], [0, 0, 0]])).flatten().tolist()
    assert elements == pytest.approx([positive, positive, positive / 5, *[nothing] * 3], rel=1e-6)


def test_rare_classes_see_lower_logits():
    loss = DistributionBalancedLoss(**OFF | dict(init_bias=1), class_counts=[160, 40], num_images=200)
    logits, targets = torch.zeros(1, 2), torch.tensor([[1, 1]])
    elements = loss(logits, targets, reduction_override='none')[0].tolist()
    assert elements == pytest.approx([math.log(1 + 1 / 4), math.log(1 + 4)], rel=1e-6)


@pytest.mark.parametrize('soft', [False, True], ids=['hard', 'soft'])
def test_with_everything_off_it_is_bce(soft):
    logits, targets = batch(soft=soft)
    loss = DistributionBalancedLoss(**OFF, class_counts=COUNTS, num_images=IMAGES)
    expected = binary_cross_entropy_with_logits(logits, targets.double())
    assert loss(logits, targets).item() == pytest.approx(expected.item(), rel=1e-12)


@pytest.mark.parametrize(
    'bad', [dict(neg_scale=0), dict(focal_gamma=-1), dict(balance=0), dict(map_alpha=-1)], ids=str
)
def test_bad_arguments_are_refused(bad):
    ((name, value),) = bad.items()
    with pytest.raises(ValueError, match=f'{name}.*{value}'):
        DistributionBalancedLoss(**bad)

import math

import pytest
import torch

from mmlongtail.models.losses import ClassBalancedFocalLoss

COUNTS = [150, 120, 60, 30, 5, 0]  # the last class counts as one with a single image
MODES = ['by_class', 'average_n', 'average_w', 'min_n']


def image_weight(y_row, counts, beta, mode):
    def weight(n):
        return (1 - beta) / (1 - beta**n)

    total = sum(y_row)
    if total == 0:
        return 1 - beta
    if mode == 'average_n':
        return weight(sum(y * n for y, n in zip(y_row, counts)) / total)
    if mode == 'average_w':
        return sum(y * weight(n) for y, n in zip(y_row, counts)) / total
    return weight(min(n for y, n in zip(y_row, counts) if y > 0))


def naive(logits, targets, beta, mode, counts, gamma=2, balance=2):
    """Focal loss times the weight of the class or of the image, number by number in float64."""
    total, counts = 0.0, [max(n, 1) for n in counts]
    for z_row, y_row in zip(logits.tolist(), targets.tolist()):
        for z, y, n in zip(z_row, y_row, counts):
            p = 1 / (1 + math.exp(-z))
            focal = -y * (1 - p) ** gamma * math.log(p) - (1 - y) * p**gamma * math.log(1 - p)
            row, among = ([1], [n]) if mode == 'by_class' else (y_row, counts)
            total += balance * focal * image_weight(row, among, beta, mode)
    return total / logits.numel()


def batch(images=8, classes=6, soft=False):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(images, classes, generator=generator, dtype=torch.float64) * 2
    targets = torch.rand(images, classes, generator=generator, dtype=torch.float64)
    targets = targets * (targets < 0.4)
    targets[0] = 0  # an image without positives
    return logits, targets if soft else (targets > 0).long()


@pytest.mark.parametrize('mode', MODES)
@pytest.mark.parametrize('soft', [False, True], ids=['hard', 'soft'])
@pytest.mark.parametrize('beta', [0, 0.9, 0.99999])
@pytest.mark.parametrize(('images', 'classes'), [(8, 6), (1, 6), (8, 1)])
def test_equals_the_formula(mode, soft, beta, images, classes):
    logits, targets = batch(images, classes, soft)
    loss = ClassBalancedFocalLoss(beta, mode, class_counts=COUNTS[:classes])
    expected = naive(logits, targets, beta, mode, COUNTS[:classes])
    assert loss(logits, targets).item() == pytest.approx(expected, rel=1e-9)
    assert loss(logits.float(), targets).item() == pytest.approx(expected, rel=1e-5)


def test_focal_arguments():
    logits, targets = batch()
    loss = ClassBalancedFocalLoss(focal_gamma=0.5, balance=1, class_counts=COUNTS)  # the rest by default
    expected = naive(logits, targets, 0.9, 'average_w', COUNTS, gamma=0.5, balance=1)
    assert loss(logits, targets).item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ('mode', 'weights'),
    [
        ('by_class', [1, 2 / 3, 4 / 7]),
        ('average_n', [2 / 3] * 3),
        ('average_w', [11 / 14] * 3),
        ('min_n', [1] * 3),
    ],
)
def test_weights_by_hand(mode, weights):
    loss = ClassBalancedFocalLoss(0.5, mode, 0, 1, class_counts=[1, 2, 3], reduction='none')
    elements = loss(torch.zeros(1, 3), torch.tensor([[1, 0, 1]]))[0]  # weights of 1, 2, 3 images: 1 2/3 4/7
    assert elements.tolist() == pytest.approx([w * math.log(2) for w in weights], rel=1e-6)


def test_modes_agree_on_images_of_one_label():
    logits, targets = batch()[0][:6], torch.eye(6, dtype=torch.long)
    by_class, *of_image = [
        ClassBalancedFocalLoss(0.9, mode, class_counts=COUNTS, reduction='none')(logits, targets)
        for mode in MODES
    ]
    assert torch.allclose(of_image[0], of_image[1]) and torch.allclose(of_image[0], of_image[2])
    assert torch.allclose(by_class.diag(), of_image[0].diag())
    assert not torch.allclose(by_class, of_image[0])


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(mode='median'), "mode.*'median'.*average_w"),
        (dict(beta=1), r'beta.*1'),
        (dict(beta=-0.1), r'beta.*-0\.1'),
        (dict(focal_gamma=-1), 'focal_gamma.*-1'),
        (dict(balance=0), 'balance is 0, expected a finite number > 0'),
    ],
)
def test_bad_arguments_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        ClassBalancedFocalLoss(**arguments)

import math
from types import SimpleNamespace

import pytest
import torch
from mmpretrain.registry import MODELS

from mmlongtail.models.losses import FrequencyWeightedBCELoss

COUNTS, IMAGES = [70, 12, 3, 0], 100  # the last class has no training image


def naive(logits, targets, counts=COUNTS, images=IMAGES):
    """Eq. (4), number by number in float64."""
    total = 0.0
    for z_row, y_row in zip(logits.double().tolist(), targets.tolist()):
        for z, y, n in zip(z_row, y_row, counts):
            p = 1 / (1 + math.exp(-z))
            weight = y * math.exp(1 - n / images) + (1 - y) * math.exp(n / images)
            total -= weight * (y * math.log(p) + (1 - y) * math.log(1 - p))
    return total / logits.numel()


def batch(images=6, classes=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(images, classes, generator=generator, dtype=torch.float64) * 3
    return logits, (torch.rand(images, classes, generator=generator) < 0.3).long()


@pytest.mark.parametrize(
    ('images', 'classes'), [(6, 4), (1, 4), (6, 1)], ids=['batch', 'one image', 'one class']
)
def test_equals_eq_4(images, classes):
    logits, targets = batch(images, classes)
    loss = FrequencyWeightedBCELoss(COUNTS[:classes], IMAGES)
    expected = naive(logits, targets)
    assert loss(logits, targets).item() == pytest.approx(expected, rel=1e-12)
    assert loss(logits.float(), targets, avg_factor=images).item() == pytest.approx(expected, rel=1e-6)


def test_soft_labels_mix_the_weights():
    soft = torch.tensor([[0.25]])
    one = FrequencyWeightedBCELoss([1], 4)
    weight = 0.25 * math.exp(0.75) + 0.75 * math.exp(0.25)
    assert one(torch.zeros(1, 1), soft).item() == pytest.approx(weight * math.log(2), rel=1e-6)


def test_gradient():
    logits, targets = batch()
    loss = FrequencyWeightedBCELoss(COUNTS, IMAGES)
    assert torch.autograd.gradcheck(lambda z: loss(z, targets), logits.requires_grad_())


@pytest.mark.parametrize('label', [0, 1])
@pytest.mark.parametrize(('size', 'dtype'), [(1e4, torch.float32), (80, torch.float16), (80, torch.bfloat16)])
def test_finite_at_extreme_logits(size, dtype, label):
    logits = torch.tensor([[-size] * 4, [size] * 4], dtype=dtype, requires_grad=True)
    with torch.autocast('cpu', dtype=dtype, enabled=dtype != torch.float32):
        value = FrequencyWeightedBCELoss(COUNTS, IMAGES)(logits, torch.full((2, 4), label))
    value.backward()
    assert value.isfinite() and logits.grad.isfinite().all()
    assert value.item() > size / 4  # the wrong half is not clipped away


def test_caller_keeps_its_tensors():
    logits, targets = batch()
    copies, counts = (logits.clone(), targets.clone()), torch.tensor(COUNTS)
    loss = FrequencyWeightedBCELoss(counts, IMAGES)
    loss(logits, targets)
    assert torch.equal(logits, copies[0]) and torch.equal(targets, copies[1])
    counts.zero_()
    assert loss(logits, targets).item() == pytest.approx(naive(logits, targets))


def test_statistics_of_the_run_replace_nothing_in_the_weights():
    loss = MODELS.build(dict(type='FrequencyWeightedBCELoss'))
    logits, targets = batch()
    with pytest.raises(RuntimeError, match='class_counts=.*ClassStatisticsHook'):
        loss(logits, targets)
    loss.counts.set_class_statistics(
        SimpleNamespace(class_counts=torch.tensor(COUNTS).numpy(), num_images=IMAGES)
    )
    assert loss(logits, targets).item() == pytest.approx(naive(logits, targets), rel=1e-12)
    assert not loss.state_dict()
    assert loss.half()(logits, targets).item() == pytest.approx(naive(logits, targets), rel=1e-12)


@pytest.mark.parametrize(
    ('counts', 'images', 'words'),
    [
        ([1, 2], None, 'num_images=None.*both'),
        (None, 5, 'class_counts=None.*both'),
        ([1, 9], 5, r'num_images=5: class_counts\[1\] is 9.*>= 0 and <= 5'),
        ([-1, 2], 5, r'class_counts\[0\] is -1'),
        ([[1], [2]], 5, r'class_counts\[0\] is \[1\]'),
    ],
)
def test_bad_counts(counts, images, words):
    with pytest.raises(ValueError, match=words):
        FrequencyWeightedBCELoss(counts, images)


def test_number_of_classes_must_fit():
    with pytest.raises(ValueError, match='3 classes.*has 4'):
        FrequencyWeightedBCELoss(COUNTS, IMAGES)(torch.zeros(2, 3), torch.zeros(2, 3))

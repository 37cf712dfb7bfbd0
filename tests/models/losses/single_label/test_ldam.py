import math

import pytest
import torch
import torch.nn.functional as F

from mmlongtail.models.losses import LDAMLoss

COUNTS = [500, 60, 5, 0]  # the last class counts as one with a single image


def weights(counts, beta):
    """Effective-number weights whose mean over the training images is 1."""
    counts = [max(n, 1) for n in counts]
    raw = [(1 - beta) / (1 - beta**n) for n in counts]
    mean = sum(n * w for n, w in zip(counts, raw)) / sum(counts)
    return [w / mean for w in raw]


def naive(cosines, shares, counts, max_margin=0.5, scale=30, beta=None):
    """Cross-entropy of cosines with C / n^(1/4) off the label's, number by number in float64."""
    weight = [1] * len(counts) if beta is None else weights(counts, beta)
    margin = [max(n, 1) ** -0.25 for n in counts]
    margin = [max_margin * d / max(margin) for d in margin]
    total = 0.0
    for row, labels in zip(cosines.tolist(), shares):
        for y, share in labels:
            z = [scale * (c - margin[y] * (j == y)) for j, c in enumerate(row)]
            total += share * weight[y] * (math.log(sum(math.exp(v) for v in z)) - z[y])
    return total / len(cosines)


def batch(images=8, classes=4):
    generator = torch.Generator().manual_seed(0)
    cosines = torch.rand(images, classes, generator=generator, dtype=torch.float64) * 2 - 1
    return cosines, torch.arange(images) % classes


@pytest.mark.parametrize('beta', [None, 0.9999, 0.9, 0], ids=str)
@pytest.mark.parametrize('settings', [{}, dict(max_margin=2, scale=1), dict(max_margin=0)], ids=str)
@pytest.mark.parametrize('counts', [COUNTS, COUNTS[:3], [7, 7]], ids=str)
def test_equals_the_formula(beta, settings, counts):
    cosines, targets = batch(classes=len(counts))
    more = {} if beta is None else dict(beta=beta, drw_epoch=0)
    loss = LDAMLoss(**settings, **more, class_counts=counts)
    loss.set_progress(0, 10)
    expected = naive(cosines, [[(y, 1)] for y in targets.tolist()], counts, **settings, beta=beta)
    assert loss(cosines, targets).item() == pytest.approx(expected, rel=1e-8)
    assert loss(cosines.float(), targets).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize('beta', [None, 0.9999], ids=str)
def test_mixed_labels_mix_the_losses(beta):
    (cosines, first), lam = batch(), 0.3
    second = first.flip(0)
    mixed = lam * F.one_hot(first, 4) + (1 - lam) * F.one_hot(second, 4)
    loss = LDAMLoss(drw_epoch=None if beta is None else 0, class_counts=COUNTS)
    loss.set_progress(0, 1)
    shares = [[(a, lam), (b, 1 - lam)] for a, b in zip(first.tolist(), second.tolist())]
    assert loss(cosines, mixed).item() == pytest.approx(naive(cosines, shares, COUNTS, beta=beta), rel=1e-6)


def test_margins_by_hand():
    loss = LDAMLoss(0.6, scale=1, class_counts=[81, 16, 1], reduction='none')
    cosines = torch.tensor(
        [[0.2, 0, -1e4], [-1e4, 0.3, 0], [0, -1e4, 0.6]]
    )  # the label is ahead by its margin
    assert loss(cosines, torch.arange(3)).tolist() == pytest.approx([math.log(2)] * 3, rel=1e-6)


def test_weights_by_hand():
    loss = LDAMLoss(beta=0.5, class_counts=[4, 2, 1])
    counts = torch.tensor([4.0, 2.0, 1.0])
    weight = loss.class_weights(counts)  # 8/15, 2/3 and 1, whose sum over the 7 images is 67/15
    assert weight.tolist() == pytest.approx([56 / 67, 70 / 67, 105 / 67])
    assert (weight * counts).sum().item() == pytest.approx(7)


def test_weights_come_in_at_their_epoch():
    cosines, targets = batch()
    loss, plain = LDAMLoss(drw_epoch=160, class_counts=COUNTS), LDAMLoss(class_counts=COUNTS)
    always = LDAMLoss(drw_epoch=0, class_counts=COUNTS)
    always.set_progress(0, 200)
    values = {}
    for epoch in (0, 159, 160, 199, 159):
        loss.set_progress(epoch, 200)
        values[epoch] = loss(cosines, targets)
    assert values[0] == values[159] == plain(cosines, targets)
    assert values[160] == values[199] == always(cosines, targets) != values[159]


def test_forgotten_hook_is_told():
    with pytest.raises(RuntimeError, match='drw_epoch=160.*TrainingProgressHook'):
        LDAMLoss(drw_epoch=160, class_counts=COUNTS)(*batch())


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(max_margin=-1), 'max_margin is -1'),
        (dict(scale=0), 'scale is 0'),
        (dict(drw_epoch=-1), 'drw_epoch is -1'),
        (dict(beta=1), 'beta is 1'),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        LDAMLoss(**arguments)
    with pytest.raises(ValueError, match='epochs_done is -1'):
        LDAMLoss().set_progress(-1, 10)

import math

import pytest
import torch
from mmpretrain.registry import MODELS

LABELS = torch.tensor(
    [[1, 0, 0, 0, 1, 0, 0], [0, 0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1, 1], [0, 1, 0, 0, 0, 0, 0]]
)


def batch(n=3, images=4, classes=7, size=2.0):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(n, images, classes, generator=generator, dtype=torch.float64) * size
    return logits, LABELS[:images, :classes]


def build(**arguments):
    return MODELS.build(dict(arguments, type='MultiLabelPeerDistillationLoss'))


def naive(logits, labels, ratio=0.3, full=True, first=False):
    """Binary KL pair by pair and class by class; mean over all classes, plus mean over the hard ones."""
    peers, total = logits.tolist(), 0.0
    n, images, classes = logits.shape
    for i in range(images):
        rows = [peer[i] for peer in peers]
        rank = rows[0] if first else [sum(column) / n for column in zip(*rows)]
        positives = {j for j in range(classes) if labels[i, j]}
        negatives = sorted(set(range(classes)) - positives, key=lambda j: -rank[j])
        hard = positives | set(negatives[: max(round(ratio * classes), 1)]) if ratio else set()
        for chosen in ([range(classes)] if full else []) + ([hard] if ratio else []):
            for k, q in [(k, q) for k in range(n) for q in range(n) if q != k]:
                for j in chosen:
                    total += binary_kl(rows[k][j], rows[q][j]) / len(chosen)
    return 2 / (n * (n - 1)) * total / images


def binary_kl(first, second):
    p, q = 1 / (1 + math.exp(-first)), 1 / (1 + math.exp(-second))
    return p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))


VARIANTS = [
    (dict(), dict()),
    (dict(hard_ratio=0.6), dict(ratio=0.6)),
    (dict(hard_ratio=1), dict(ratio=1)),
    (dict(hard_ratio=0), dict(ratio=0)),
    (dict(full=False), dict(full=False)),
    (dict(ranking='first'), dict(first=True)),
]
every_variant = pytest.mark.parametrize(('arguments', 'formula'), VARIANTS, ids=str)


@every_variant
@pytest.mark.parametrize('n', [2, 3, 4])
def test_equals_the_formula(arguments, formula, n):
    logits, labels = batch(n)
    expected = naive(logits, labels, **formula)
    for targets in (labels, labels.float(), 0.9 * labels):
        assert build(**arguments)(logits, targets).item() == pytest.approx(expected, rel=1e-9)
    assert build(**arguments, loss_weight=0.6)(logits.float(), labels).item() == pytest.approx(
        0.6 * expected, rel=1e-4
    )


@pytest.mark.parametrize('gradient', ['both', 'first', 'second'])
def test_gradient(gradient):
    logits, labels = batch()
    logits.requires_grad_()
    if gradient == 'both':
        assert torch.autograd.gradcheck(lambda z: build()(z, labels), logits)
        return
    build(gradient=gradient, hard_ratio=0)(logits, labels).backward()
    p, z = logits.detach().sigmoid(), logits.detach()
    # d KL(p^k || p^q) / dz^k = p^k (1 - p^k) (z^k - z^q), and / dz^q = p^q - p^k
    expected = torch.zeros_like(p)
    for k, q in [(k, q) for k in range(3) for q in range(3) if q != k]:
        expected[k if gradient == 'first' else q] += (
            p[k] * (1 - p[k]) * (z[k] - z[q]) if gradient == 'first' else p[q] - p[k]
        )
    assert torch.allclose(logits.grad, expected / 3 / 7 / 4)


@every_variant
@pytest.mark.parametrize(('size', 'dtype'), [(1e4, torch.float32), (80, torch.float16), (80, torch.bfloat16)])
def test_finite_at_extreme_logits(arguments, formula, size, dtype):
    logits, labels = batch()
    logits = (logits.sign() * size).to(dtype).requires_grad_()
    with torch.autocast('cpu', dtype=dtype, enabled=dtype != torch.float32):
        value = build(**arguments)(logits, labels)
    value.backward()
    assert value.dtype == torch.float32 and value.isfinite() and logits.grad.isfinite().all()
    assert value > size / 40 and torch.equal(value, build(**arguments)(logits.float(), labels))


@every_variant
def test_equal_peers_or_one_peer_cost_nothing(arguments, formula):
    logits, labels = batch(1, size=20.0)
    for peers in (logits, logits.repeat(2, 1, 1), logits.repeat(3, 1, 1).float()):
        peers = peers.requires_grad_()
        value = build(**arguments)(peers, labels)
        value.backward()
        assert abs(value.item()) < 1e-9 and peers.grad.abs().max() < 1e-5


@pytest.mark.parametrize(('images', 'classes'), [(1, 7), (4, 1), (1, 1), (0, 7)])
def test_any_shape(images, classes):
    logits, labels = batch(2, images, classes)
    value = build()(logits.requires_grad_(), labels)
    value.backward()
    expected = naive(logits.detach(), labels) if images else 0
    assert value.item() == pytest.approx(expected, rel=1e-9) and logits.grad.isfinite().all()


def test_mean_over_images_so_that_halves_accumulate():
    logits, labels = batch()
    halves = (build()(logits[:, :2], labels[:2]) + build()(logits[:, 2:], labels[2:])) / 2
    assert build()(logits, labels).item() == pytest.approx(halves.item(), rel=1e-12)


def test_needs_no_counts_and_rejects_what_does_not_fit():
    assert not build().state_dict() and not hasattr(build(), 'counts')
    with pytest.raises(ValueError, match='hard_ratio is 2'):
        build(hard_ratio=2)
    with pytest.raises(ValueError, match=r'\(3, 4, 7\).*\(3, 7\)'):
        build()(batch()[0], LABELS[:3])

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS

from mmlongtail.models.losses import PeerDistillationLoss

COUNTS = [500, 120, 60, 30, 5, 0]  # the last class counts as one with a single image
FORMS = ['paper', 'code']


def batch(n=3, images=8, classes=6, size=2.0):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(n, images, classes, generator=generator, dtype=torch.float64) * size
    return logits, torch.arange(images) % classes


def build(**arguments):
    return MODELS.build(dict(dict(type='PeerDistillationLoss', class_counts=COUNTS), **arguments))


def naive(logits, targets, ratio=0.3, full=True, form='paper', ranking=None, counts=COUNTS, scores=None):
    """The two sums over pairs, number by number in float64; eqs. (4), (11), (12)."""
    peers, total = logits.tolist(), 0.0
    ranking = ranking or ('first' if form == 'code' else 'mean')
    n, images, classes = logits.shape
    for i, y in enumerate(targets.tolist()):
        rows = [peer[i] for peer in peers]
        if scores is not None:
            rank = scores[i].tolist()
        else:
            rank = rows[0] if ranking == 'first' else [sum(column) / n for column in zip(*rows)]
        others = sorted((j for j in range(classes) if j != y), key=lambda j: -rank[j])
        hard = {y, *others[: max(round(ratio * classes) - (form == 'code'), 1)]} if ratio else set()
        parts = [softmax(row, counts, range(classes)) for row in rows] if full else []
        partial = []
        if ratio and form == 'paper':
            partial = [softmax(row, counts, hard) for row in rows]
        elif ratio:
            whole = [softmax(row, counts, range(classes)) for row in rows]
            partial = [{j: p[j] for j in hard} for p in whole]
        for probs in (parts, partial):
            for k, p in enumerate(probs):
                for q in probs[:k] + probs[k + 1 :]:
                    total += sum(p[j] * math.log(p[j] / q[j]) for j in p)
    return 2 / (n * (n - 1)) * total / images


def softmax(row, counts, classes):
    terms = {j: max(counts[j], 1) * math.exp(row[j]) for j in classes}
    return {j: term / sum(terms.values()) for j, term in terms.items()}


VARIANTS = [
    dict(),
    dict(hard_ratio=0.5),
    dict(hard_ratio=1),
    dict(hard_ratio=0),
    dict(hard_ratio=None),
    dict(full=False),
    dict(ranking='first'),
    dict(form='code'),
    dict(form='code', ranking='mean'),
    dict(form='code', hard_ratio=0.5, full=False),
    dict(balanced=False),
]


def reference(logits, targets, arguments, **more):
    names = dict(hard_ratio='ratio')
    kept = {names.get(k, k): v for k, v in arguments.items() if k != 'balanced'}
    counts = COUNTS if arguments.get('balanced', True) else [1] * 6
    return naive(logits, targets, counts=counts, **kept, **more)


@pytest.mark.parametrize('arguments', VARIANTS, ids=str)
@pytest.mark.parametrize('n', [2, 3, 4])
def test_equals_the_formula(arguments, n):
    logits, targets = batch(n)
    expected = reference(logits, targets, arguments)
    assert build(**arguments)(logits, targets).item() == pytest.approx(expected, rel=1e-9)
    assert build(**arguments)(logits.float(), targets).item() == pytest.approx(expected, rel=1e-4)
    weighted = build(**arguments, loss_weight=0.6)
    assert weighted(logits, targets).item() == pytest.approx(0.6 * expected, rel=1e-9)


@pytest.mark.parametrize('form', FORMS)
def test_ranking_of_the_caller_wins(form):
    logits, targets = batch()
    scores = -logits.mean(dim=0)
    expected = naive(logits, targets, form=form, scores=scores)
    assert expected != pytest.approx(naive(logits, targets, form=form), rel=1e-3)
    for ranking in ('mean', 'first'):
        loss = build(form=form, ranking=ranking)
        assert loss(logits, targets, scores).item() == pytest.approx(expected, rel=1e-9)


def test_by_hand():
    # two peers of two equal classes, 1/2 : 1/2 and 1/4 : 3/4; the hard part is the same once more
    logits = torch.tensor([[[0.0, 0.0]], [[0.0, math.log(3)]]])
    forth = 0.5 * math.log(2) + 0.5 * math.log(2 / 3)
    back = 0.25 * math.log(0.5) + 0.75 * math.log(1.5)
    loss = build(class_counts=[7, 7])
    assert loss(logits, torch.tensor([0])).item() == pytest.approx(2 * (forth + back))
    assert build(class_counts=[7, 7], hard_ratio=0)(logits, torch.tensor([0])).item() == pytest.approx(
        forth + back
    )


@pytest.mark.parametrize('form', FORMS)
def test_gradient(form):
    logits, targets = batch(images=3)
    loss = build(form=form)
    assert torch.autograd.gradcheck(lambda z: loss(z, targets), logits.requires_grad_())


@pytest.mark.parametrize('form', FORMS)
def test_one_sided_gradients_move_one_side(form):
    logits, targets = batch(2)
    grads, values = {}, set()
    for gradient in ('both', 'first', 'second'):
        z = logits.clone().requires_grad_()
        value = build(form=form, gradient=gradient)(z, targets)
        value.backward()
        grads[gradient] = z.grad
        values.add(round(value.item(), 10))
    assert len(values) == 1 and torch.allclose(grads['first'] + grads['second'], grads['both'])
    # of KL(p^0 || p^1) and KL(p^1 || p^0) on all classes 'second' moves the logits of 1 and 0 by q - p and p - q
    z = logits.clone().requires_grad_()
    build(hard_ratio=0, gradient='second')(z, targets).backward()
    p, q = torch.softmax(logits + torch.tensor(COUNTS).clamp(min=1).log(), dim=-1)
    assert torch.allclose(z.grad[0], (p - q) / 8) and torch.allclose(z.grad[1], (q - p) / 8)


@pytest.mark.parametrize('arguments', VARIANTS, ids=str)
def test_equal_peers_or_one_peer_cost_nothing(arguments):
    logits, targets = batch(1, size=20.0)
    for peers in (logits, logits.repeat(2, 1, 1), logits.repeat(3, 1, 1).float()):
        peers = peers.requires_grad_()
        value = build(**arguments)(peers, targets)
        value.backward()
        assert abs(value.item()) < 1e-9 and peers.grad.abs().max() < 1e-5


@pytest.mark.parametrize('arguments', VARIANTS, ids=str)
@pytest.mark.parametrize(('size', 'dtype'), [(1e4, torch.float32), (80, torch.float16), (80, torch.bfloat16)])
def test_finite_at_extreme_logits(arguments, size, dtype):
    logits, targets = batch()
    logits = (logits.sign() * size).to(dtype).requires_grad_()
    loss = build(**arguments)
    with torch.autocast('cpu', dtype=dtype, enabled=dtype != torch.float32):
        value = loss(logits, targets)
    value.backward()
    assert value.dtype == torch.float32 and value.isfinite() and logits.grad.isfinite().all()
    assert value > size / 40 and torch.equal(value, loss(logits.float(), targets))


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize(('images', 'classes'), [(1, 6), (8, 1), (1, 1), (8, 2), (0, 6)])
def test_any_shape(form, images, classes):
    logits, targets = batch(3, images, classes)
    logits.requires_grad_()
    value = build(form=form, class_counts=COUNTS[:classes])(logits, targets)
    value.backward()
    expected = naive(logits.detach(), targets, form=form) if images and classes > 1 else 0
    assert value.item() == pytest.approx(expected, rel=1e-9) and logits.grad.isfinite().all()


def test_mean_over_images_so_that_halves_accumulate():
    logits, targets = batch()
    loss = build()
    halves = (loss(logits[:, :4], targets[:4]) + loss(logits[:, 4:], targets[4:])) / 2
    assert loss(logits, targets).item() == pytest.approx(halves.item(), rel=1e-12)


def test_mixed_labels_keep_all_their_classes():
    logits, targets = batch()
    ids = build()(logits, targets)
    assert build()(logits, F.one_hot(targets, 6)).item() == pytest.approx(ids.item(), rel=1e-12)
    mixed = 0.3 * F.one_hot(targets, 6) + 0.7 * F.one_hot(targets.flip(0), 6)
    assert build()(logits, mixed).item() != pytest.approx(ids.item(), rel=1e-3)


def test_memory_is_linear_in_the_peers():
    sizes = {}
    for n in (2, 4, 8):
        kept = {}
        with torch.autograd.graph.saved_tensors_hooks(
            lambda t: kept.update({t.data_ptr(): t.numel()}) or t,  # noqa: B023  used within this turn
            lambda t: t,
        ):
            value = build()(batch(n)[0].requires_grad_(), batch()[1])  # noqa: F841  holds what is saved
        sizes[n] = sum(kept.values())
        assert max(kept.values()) <= n * 8 * 6
    assert sizes[8] <= 2 * sizes[4] <= 4 * sizes[2]


def test_counts_of_the_run_and_caller_keeps_its_tensors():
    logits, targets = batch()
    copies, loss = (logits.clone(), targets.clone()), PeerDistillationLoss()
    with pytest.raises(RuntimeError, match='(?s)class_counts.*ClassStatisticsHook'):
        loss(logits, targets)
    loss.counts.set_class_statistics(SimpleNamespace(class_counts=np.array(COUNTS), num_images=715))
    assert torch.equal(loss(logits, targets), build()(logits, targets))
    assert torch.equal(logits, copies[0]) and torch.equal(targets, copies[1]) and not loss.state_dict()
    with pytest.raises(ValueError, match='4 classes.*6'):
        loss(logits[:, :, :4], targets % 4)


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(gradient='none'), "gradient is 'none'.*'second'"),
        (dict(ranking='last'), "ranking is 'last'.*'first'"),
        (dict(form='ours'), "form is 'ours'.*'paper'"),
        (dict(hard_ratio=1.5), 'hard_ratio is 1.5'),
        (dict(hard_ratio=-0.1), 'hard_ratio is -0.1'),
        (dict(hard_ratio=None, full=False), 'full=False and hard_ratio=None'),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        PeerDistillationLoss(**arguments)


def test_shapes_that_do_not_fit():
    logits, targets = batch()
    for bad in (
        (logits[0], targets),
        (logits, targets[:3]),
        (logits[:0], targets),
        (logits, torch.zeros(8, 5)),
    ):
        with pytest.raises(ValueError, match=r'must be \(n, B, K\)'):
            build()(*bad)
    with pytest.raises(ValueError, match=r'ranking \(8, 5\)'):
        build()(logits, targets, logits[0, :, :5])

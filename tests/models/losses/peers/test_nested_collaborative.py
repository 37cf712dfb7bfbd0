import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS

COUNTS = [500, 120, 60, 30, 5, 0]  # the last class counts as one with a single image
EXPERTS, COPIES, IMAGES, CLASSES = 2, 3, 4, 6


def batch(experts=EXPERTS, copies=COPIES, images=IMAGES, classes=CLASSES, size=2.0):
    generator = torch.Generator().manual_seed(0)
    shape = experts, copies, images, classes
    return torch.randn(*shape, generator=generator, dtype=torch.float64) * size, torch.arange(
        images
    ) % classes


def config(form='paper', counts=COUNTS, **more):
    """All four losses; the authors' code is nothing but another argument."""
    peers = dict(type='PeerDistillationLoss', loss_weight=0.6, form=form, class_counts=counts)
    parts = dict(
        type='NestedCollaborativeLoss',
        classification=dict(type='BalancedSoftmaxLoss', class_counts=counts),
        hard=dict(type='HardCategoryLoss', form=form, class_counts=counts),
        inter=peers,
        intra=peers,
    )
    return dict(parts, **more)


def build(*arguments, **more):
    return MODELS.build(config(*arguments, **more))


def log_p(row, hard=None):
    """Log of the balanced probability of each class: of all, or of the hard ones."""
    terms = {j: max(COUNTS[j], 1) * math.exp(row[j]) for j in range(len(row)) if hard is None or j in hard}
    return {j: math.log(term / sum(terms.values())) for j, term in terms.items()}


def hard_of(rank, y, beta=0.3):
    others = sorted((j for j in range(len(rank)) if j != y), key=lambda j: -rank[j])
    return {y, *others[: max(round(beta * len(rank)), 1)]}


def mean_of(rows):
    return [sum(column) / len(rows) for column in zip(*rows)]


def pairs_of(rows, rank, y):
    """KL + KL* over the ordered pairs of the rows, with the factor of (4) and (5)."""
    if len(rows) == 1:
        return 0.0
    hard, total = hard_of(rank, y), 0.0
    for logs in ([log_p(row) for row in rows], [log_p(row, hard) for row in rows]):
        for k, first in enumerate(logs):
            for q, second in enumerate(logs):
                if q != k:
                    total += sum(math.exp(first[j]) * (first[j] - second[j]) for j in first)
    return 2 / (len(rows) * (len(rows) - 1)) * total


def naive(logits, targets, weight=0.6):
    """Eqs. (2) to (14), loop after loop over experts, copies, images, pairs and classes, in float64."""
    z, experts, copies = logits.tolist(), len(logits), logits.size(1)
    images = len(targets)
    loss = dict(loss_cls=0.0, loss_hard=0.0, loss_inter=0.0, loss_intra=0.0)
    for i, y in enumerate(targets.tolist()):
        for t in range(copies):
            rows = [z[k][t][i] for k in range(experts)]
            for row in rows:
                loss['loss_cls'] -= log_p(row)[y] / copies / images
                loss['loss_hard'] -= log_p(row, hard_of(row, y))[y] / copies / images
            loss['loss_inter'] += weight * pairs_of(rows, mean_of(rows), y) / copies / images
        everyone = [z[k][t][i] for k in range(experts) for t in range(copies)]
        for k in range(experts):
            rows = [z[k][t][i] for t in range(copies)]
            loss['loss_intra'] += weight * pairs_of(rows, mean_of(everyone), y) / images
    return loss


def authors(z, targets, weight=0.6, beta=0.3):
    """The form of the authors' code, step by step, in float64 tensors of one number each."""
    (experts, copies, images, classes), zero = z.shape, z.new_zeros(())
    log_n = [math.log(max(n, 1)) for n in COUNTS[:classes]]
    loss = dict(loss_cls=zero, loss_hard=zero, loss_inter=zero, loss_intra=zero)

    def cross_entropy(values, y):
        return torch.log(sum(value.exp() for value in values)) - values[y]

    def divergences(rows, mask):
        """Full and partial KL of the ordered pairs, each divided by n (n - 1) / 2, times their one weight."""
        n, total = len(rows), zero
        probs = [[v.exp() / sum(w.exp() for w in row) for v in row] for row in rows]
        for k in range(n):
            for q in range(n):
                for j in range(classes) if k != q else ():
                    p = probs[k][j]
                    term = p * (torch.log(p) - torch.log(probs[q][j]))
                    total = total + term + (term if mask[j] else 0)
        return weight * total / (n * (n - 1) / 2) if n > 1 else zero

    for i, y in enumerate(targets.tolist()):
        masks = []
        for t in range(copies):  # the beta C highest classes including the label by expert 0's raw logits
            raw = z[0, t, i].tolist()
            raw[y] = math.inf
            highest = sorted(range(classes), key=lambda j: -raw[j])[: max(round(beta * classes), 2)]
            masks.append([float(j in highest) for j in range(classes)])
        balanced = [
            [[z[e, t, i, j] + log_n[j] for j in range(classes)] for t in range(copies)]
            for e in range(experts)
        ]
        for e in range(experts):
            for t in range(copies):
                masked = [v * m for v, m in zip(balanced[e][t], masks[t])]  # the product over logit and prior
                loss['loss_cls'] = loss['loss_cls'] + cross_entropy(balanced[e][t], y) / copies / images
                loss['loss_hard'] = loss['loss_hard'] + cross_entropy(masked, y) / copies / images
            loss['loss_intra'] = loss['loss_intra'] + divergences(balanced[e], masks[0]) / images
        for t in range(copies):
            peers = [balanced[e][t] for e in range(experts)]
            loss['loss_inter'] = loss['loss_inter'] + divergences(peers, masks[t]) / copies / images
    return loss


def expected_losses(form, logits, targets):
    return naive(logits, targets) if form == 'paper' else numbers(authors(logits, targets))


def numbers(results):
    return {name: value.item() for name, value in results.items()}


@pytest.mark.parametrize('form', ['paper', 'code'])
@pytest.mark.parametrize(('experts', 'copies'), [(2, 3), (3, 2), (1, 3), (2, 1), (1, 1), (4, 4)])
def test_equals_the_paper_or_the_code(form, experts, copies):
    logits, targets = batch(experts, copies)
    expected = expected_losses(form, logits, targets)
    assert numbers(build(form)(logits, targets)) == pytest.approx(expected, rel=1e-9, abs=1e-14)
    assert numbers(build(form)(logits.float(), targets)) == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert (expected['loss_inter'] == 0) == (experts == 1) and (expected['loss_intra'] == 0) == (copies == 1)


@pytest.mark.parametrize('classes', [6, 10])
@pytest.mark.parametrize(('experts', 'copies'), [(2, 3), (3, 2), (1, 2), (2, 1)])
def test_gradients_of_the_authors_code(experts, copies, classes, monkeypatch):
    """Of each of its four losses, in every logit."""
    monkeypatch.setattr(f'{__name__}.COUNTS', [500, 120, 60, 30, 5, 0, 400, 90, 7, 1])
    logits, targets = batch(experts, copies, images=3, classes=classes)
    ours, theirs = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    found, expected = build('code', COUNTS[:classes])(ours, targets), authors(theirs, targets)
    for name, value in expected.items():
        if not value.requires_grad:  # one expert, or one copy
            assert found[name] == value == 0
            continue
        (grad,) = torch.autograd.grad(found[name], ours, retain_graph=True)
        (reference,) = torch.autograd.grad(value, theirs, retain_graph=True)
        torch.testing.assert_close(found[name], value, rtol=1e-9, atol=1e-12)
        torch.testing.assert_close(grad, reference, rtol=1e-7, atol=1e-10)
        assert reference.abs().max() > 1e-3


def test_the_two_forms_differ_in_every_hard_part():
    logits, targets = batch()
    paper, code = numbers(build('paper')(logits, targets)), numbers(build('code')(logits, targets))
    assert paper.pop('loss_cls') == code.pop('loss_cls')
    assert all(paper[name] != pytest.approx(code[name], rel=1e-2) for name in paper)


@pytest.mark.parametrize('form', ['paper', 'code'])
def test_gradient(form):
    logits, targets = batch(images=2)
    loss = build(form)
    assert torch.autograd.gradcheck(lambda z: sum(loss(z, targets).values()), logits.requires_grad_())


@pytest.mark.parametrize('form', ['paper', 'code'])
@pytest.mark.parametrize(('size', 'dtype'), [(1e4, torch.float32), (80, torch.float16), (80, torch.bfloat16)])
def test_finite_at_extreme_logits(form, size, dtype):
    logits, targets = batch()
    logits = (logits.sign() * size).to(dtype).requires_grad_()
    with torch.autocast('cpu', dtype=dtype, enabled=dtype != torch.float32):
        results = build(form)(logits, targets)
    sum(results.values()).backward()
    assert all(value.isfinite() and value > size / 40 for value in results.values())
    assert logits.grad.isfinite().all() and results == build(form)(logits.float(), targets)


@pytest.mark.parametrize('form', ['paper', 'code'])
@pytest.mark.parametrize(('images', 'classes'), [(1, 6), (4, 1), (1, 1)])
def test_any_shape(form, images, classes):
    logits, targets = batch(images=images, classes=classes)
    results = build(form, COUNTS[:classes])(logits.requires_grad_(), targets)
    sum(results.values()).backward()
    assert numbers(results) == pytest.approx(
        expected_losses(form, logits.detach(), targets), rel=1e-9, abs=1e-14
    )
    assert logits.grad.isfinite().all()


def test_only_the_parts_of_the_config():
    logits, targets = batch()
    whole = numbers(build()(logits, targets))
    for absent, key in [('classification', 'loss_cls'), ('hard', 'loss_hard'), ('intra', 'loss_intra')]:
        results = numbers(build(**{absent: None})(logits, targets))
        rest = {name: value for name, value in whole.items() if name != key}
        assert results == pytest.approx(rest, rel=1e-12)


@pytest.mark.parametrize('name', ['hard', 'inter', 'intra'])
def test_one_part_alone(name):
    logits, targets = batch()
    parts = dict.fromkeys(['classification', 'hard', 'inter', 'intra']) | {name: config()[name]}
    [(key, value)] = numbers(
        MODELS.build(dict(type='NestedCollaborativeLoss', **parts))(logits, targets)
    ).items()
    assert key == f'loss_{name}' and value == pytest.approx(naive(logits, targets)[key], rel=1e-9)


def test_mean_over_images_so_that_halves_accumulate():
    logits, targets = batch()
    loss, grads = build(), []
    whole = logits.clone().requires_grad_()
    sum(loss(whole, targets).values()).backward()
    for half in (slice(0, 2), slice(2, 4)):
        part = logits[:, :, half].clone().requires_grad_()
        (sum(loss(part, targets[half]).values()) / 2).backward()
        grads.append(part.grad)
    assert torch.allclose(torch.cat(grads, dim=2), whole.grad, rtol=1e-12)


def test_learnable_weights():
    logits, targets = batch()
    loss = build(learnable_weights=True).double()
    plain = naive(logits, targets, weight=1.0)
    with torch.no_grad():
        loss.weights.copy_(torch.tensor([0.0, math.log(3)]))
    results = loss(logits, targets)
    assert results['weight_inter'].item() == pytest.approx(0.25) and not results['weight_inter'].requires_grad
    assert results['weight_intra'].item() == pytest.approx(0.75)
    assert results['loss_inter'].item() == pytest.approx(0.25 * plain['loss_inter'])
    assert results['loss_intra'].item() == pytest.approx(0.75 * plain['loss_intra'])
    sum(value for name, value in results.items() if 'loss' in name).backward()
    slope = 0.25 * 0.75 * (plain['loss_inter'] - plain['loss_intra'])  # of the softmax
    assert loss.weights.grad.tolist() == pytest.approx([slope, -slope])
    fresh = build(learnable_weights=True)(*batch(experts=1, copies=1))
    assert fresh['weight_inter'] == fresh['weight_intra'] == 0.5 and fresh['loss_inter'].requires_grad


def test_losses_of_the_host_and_mixed_labels():
    logits, targets = batch(copies=1)
    loss = build(classification=dict(type='CrossEntropyLoss'), hard=None)
    expected = sum(F.cross_entropy(expert[0], targets).item() for expert in logits)
    assert loss(logits, targets)['loss_cls'].item() == pytest.approx(expected)
    mixed = 0.3 * F.one_hot(targets, 6) + 0.7 * F.one_hot(targets.flip(0), 6)
    soft = build(classification=dict(type='CrossEntropyLoss', use_soft=True), hard=None, intra=None)
    expected = sum(F.cross_entropy(expert[0], mixed.double()).item() for expert in logits)
    assert soft(logits, mixed)['loss_cls'].item() == pytest.approx(expected)
    same = numbers(build()(logits, F.one_hot(targets, 6)))
    assert same == pytest.approx(numbers(build()(logits, targets)), rel=1e-12)
    whole = build()(logits, mixed)
    parts = MODELS.build(config()['hard']), MODELS.build(config()['classification'])
    for name, part in zip(('loss_hard', 'loss_cls'), parts):
        assert whole[name].item() == pytest.approx(sum(part(e[0], mixed).item() for e in logits))


def test_several_labels():
    logits, _ = batch()
    labels = torch.tensor([[1, 0, 0, 1, 0, 0], [0, 0, 0, 0, 0, 0], [0, 1, 1, 1, 0, 0], [0, 0, 0, 0, 0, 1]])
    peers = dict(type='MultiLabelPeerDistillationLoss', loss_weight=0.6)
    focal = dict(type='MultiLabelFocalLoss')
    results = build(classification=focal, hard=None, inter=peers, intra=peers)(logits, labels)
    one, alone = MODELS.build(focal), MODELS.build(peers)
    cells = [(k, t) for k in range(EXPERTS) for t in range(COPIES)]
    expected = dict(
        loss_cls=sum(one(logits[k, t], labels) for k, t in cells) / COPIES,
        loss_inter=sum(alone(logits[:, t], labels) for t in range(COPIES)) / COPIES,
        loss_intra=sum(alone(logits[k], labels, logits.mean(dim=(0, 1))) for k in range(EXPERTS)),
    )
    assert numbers(results) == pytest.approx(numbers(expected), rel=1e-9)


def test_compiles_whole():
    logits, targets = batch()
    loss, grads, values = build(), [], []
    for function in (loss, torch.compile(loss, backend='aot_eager', fullgraph=True)):
        z = logits.clone().requires_grad_()
        results = function(z, targets)
        sum(results.values()).backward()
        values.append(numbers(results))
        grads.append(z.grad)
    assert values[1] == pytest.approx(values[0], rel=1e-12) and torch.allclose(*grads, rtol=1e-10)


def test_counts_of_the_run_reach_every_part():
    loss, (logits, targets) = build(counts=None), batch()
    with pytest.raises(RuntimeError, match='ClassStatisticsHook'):
        loss(logits, targets)
    receivers = [module for module in loss.modules() if hasattr(module, 'set_class_statistics')]
    for receiver in receivers:
        receiver.set_class_statistics(SimpleNamespace(class_counts=np.array(COUNTS), num_images=715))
    assert len(receivers) == 4 and not loss.state_dict()
    assert numbers(loss(logits, targets)) == pytest.approx(naive(logits, targets), rel=1e-9)


def test_caller_keeps_its_tensors_and_configs():
    (logits, targets), parts = batch(), config(learnable_weights=True)
    copies, told = (logits.clone(), targets.clone()), repr(parts)
    MODELS.build(parts)(logits, targets)
    assert torch.equal(logits, copies[0]) and torch.equal(targets, copies[1]) and repr(parts) == told


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(classification=None, hard=None, inter=None, intra=None), 'at least one'),
        (dict(learnable_weights=True, intra=None), 'learnable_weights=True.*intra=None'),
        (dict(hard=dict(type='HardCategoryLoss', reduction='sum')), "hard has reduction 'sum'.*'mean'"),
        (dict(classification=dict(type='CrossEntropyLoss', reduction='none')), "classification.*'none'"),
        (dict(hard=dict(type='CrossEntropyLoss')), 'hard is .*CrossEntropyLoss.*expected HardCategoryLoss'),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        build(**arguments)


def test_shapes_that_do_not_fit():
    logits, targets = batch()
    for bad in ((logits[0], targets), (logits, targets.repeat(COPIES))):
        with pytest.raises(ValueError, match=r'must be \(E, T, B, K\)'):
            build()(*bad)

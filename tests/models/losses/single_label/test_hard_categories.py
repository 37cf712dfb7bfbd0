import math

import pytest
import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS

from mmlongtail.models.losses.single_label.hard_categories import HardCategoryLoss, hard_categories

COUNTS = [500, 120, 60, 30, 5, 0]  # the last class counts as one with a single image
FORMS = ['paper', 'code']


def batch(images=12, classes=6, size=3.0):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(images, classes, generator=generator, dtype=torch.float64) * size
    return logits, torch.arange(images) % classes


def naive_hard(row, labels, ratio, including_label=False):
    """The labels and the highest others, by sorting."""
    others = sorted((j for j in range(len(row)) if j not in labels), key=lambda j: -row[j])
    number = round(ratio * len(row)) - (len(labels) if including_label else 0)
    return set(labels) | set(others[: max(number, 1)])


def naive_loss(logits, targets, ratio, form, counts=COUNTS):
    """-log p*_y of each image, number by number in float64."""
    losses = []
    for row, y in zip(logits.tolist(), targets.tolist()):
        chosen = naive_hard(row, [y], ratio, form == 'code')
        terms = {
            j: math.exp((z + math.log(max(n, 1))) * (j in chosen))
            for j, (z, n) in enumerate(zip(row, counts))
            if j in chosen or form == 'code'
        }
        losses.append(-math.log(terms[y] / sum(terms.values())))
    return losses


@pytest.mark.parametrize('classes', [1, 2, 6, 10])
@pytest.mark.parametrize('ratio', [0.01, 0.3, 0.5, 0.9, 1])
@pytest.mark.parametrize('including_label', [False, True])
def test_mask_is_that_of_sorting(classes, ratio, including_label):
    scores, targets = batch(20, classes)
    expected = [
        naive_hard(row, [y], ratio, including_label) for row, y in zip(scores.tolist(), targets.tolist())
    ]
    mask = hard_categories(scores, targets, ratio, including_label)
    assert mask.dtype == torch.bool and [set(row.nonzero()[:, 0].tolist()) for row in mask] == expected
    assert torch.equal(hard_categories(scores, F.one_hot(targets, classes), ratio, including_label), mask)


def test_several_labels():
    scores = torch.tensor([[5.0, 4, 3, 2, 1], [5, 4, 3, 2, 1], [5, 4, 3, 2, 1], [5, 4, 3, 2, 1]])
    labels = torch.tensor([[1, 0, 0, 0, 1], [0, 0, 0, 0, 0], [1, 1, 1, 1, 0], [1, 1, 1, 1, 1]])
    expected = [[1, 1, 1, 0, 1], [1, 1, 0, 0, 0], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1]]
    for targets in (labels, labels * 0.5):
        assert hard_categories(scores, targets, 0.4).int().tolist() == expected
    with_label = [[1, 0, 0, 0, 1], [1, 1, 0, 0, 0], [1, 1, 1, 1, 0], [1, 1, 1, 1, 1]]
    assert hard_categories(scores, labels, 0.4, including_label=True).int().tolist() == with_label


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('ratio', [0.1, 0.3, 0.5, 1])
def test_equals_the_formula(form, ratio):
    logits, targets = batch()
    loss = MODELS.build(
        dict(type='HardCategoryLoss', ratio=ratio, form=form, class_counts=COUNTS, reduction='none')
    )
    expected = naive_loss(logits, targets, ratio, form)
    assert loss(logits, targets).tolist() == pytest.approx(expected, rel=1e-10, abs=1e-14)
    assert loss(logits.float(), targets.int()).tolist() == pytest.approx(expected, rel=1e-4, abs=1e-5)
    plain = HardCategoryLoss(ratio, form, balanced=False, reduction='none')
    expected = naive_loss(logits, targets, ratio, form, [1] * 6)
    assert plain(logits, targets).tolist() == pytest.approx(expected, rel=1e-10, abs=1e-14)


def test_by_hand():
    # label 0; the highest other is class 2, so the others leave: 4 e^0 / (4 e^0 + 1 e^(log 12))
    logits = torch.tensor([[0.0, 1.0, math.log(12), -1.0]])
    loss = HardCategoryLoss(0.25, class_counts=[4, 9, 1, 9])
    assert loss(logits, torch.tensor([0])).item() == pytest.approx(math.log(4))
    # the code's: the others stay with logit and prior 0: 4 / (4 + 1 + 12 + 1)
    loss = HardCategoryLoss(0.5, 'code', class_counts=[4, 9, 1, 9])
    assert loss(logits, torch.tensor([0])).item() == pytest.approx(math.log(18 / 4))


def test_all_classes_are_balanced_softmax():
    logits, targets = batch()
    expected = MODELS.build(dict(type='BalancedSoftmaxLoss', class_counts=COUNTS))(logits, targets)
    for form in FORMS:
        loss = HardCategoryLoss(1, form, class_counts=COUNTS)
        assert loss(logits, targets).item() == pytest.approx(expected.item(), rel=1e-12)


@pytest.mark.parametrize('form', FORMS)
def test_gradient(form):
    logits, targets = batch()
    loss = HardCategoryLoss(form=form, class_counts=COUNTS)
    assert torch.autograd.gradcheck(lambda z: loss(z, targets), logits.requires_grad_())
    loss(logits, targets).backward()
    mask = hard_categories(logits, targets, 0.3, form == 'code')
    assert not logits.grad[~mask].any() and logits.grad[mask].all()


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('right', [False, True, None])
@pytest.mark.parametrize(('size', 'dtype'), [(1e4, torch.float32), (80, torch.float16), (80, torch.bfloat16)])
def test_finite_at_extreme_logits(form, right, size, dtype):
    logits, targets = batch()
    signs = logits.sign() if right is None else (2.0 * F.one_hot(targets, 6) - 1) * (1 if right else -1)
    logits = (signs * size).to(dtype).requires_grad_()
    loss = HardCategoryLoss(form=form, class_counts=COUNTS)
    with torch.autocast('cpu', dtype=dtype, enabled=dtype != torch.float32):
        value = loss(logits, targets)
    value.backward()
    assert value.dtype == torch.float32 and value.isfinite() and logits.grad.isfinite().all()
    assert torch.equal(value, loss(logits.float(), targets))
    assert value < 1e-6 if right else value > size / 40


@pytest.mark.parametrize('form', FORMS)
def test_a_single_class_or_image(form):
    z = torch.tensor([[1e4], [-3.0]], requires_grad=True)
    value = HardCategoryLoss(form=form, class_counts=[0])(z, torch.tensor([0, 0]))
    value.backward()
    assert value.item() == 0 and not z.grad.any()
    logits, targets = batch()
    loss = HardCategoryLoss(form=form, class_counts=COUNTS)
    alone = [loss(logits[i : i + 1], targets[i : i + 1]).item() for i in range(12)]
    assert loss(logits, targets).item() == pytest.approx(sum(alone) / 12)


@pytest.mark.parametrize('form', FORMS)
def test_mixed_labels(form):
    """Both labels are hard categories, by the formula number by number."""
    logits, first = batch()
    second = (first + 2) % 6
    shares = 0.3 * F.one_hot(first, 6).double() + 0.7 * F.one_hot(second, 6).double()
    expected = []
    for row, a, b in zip(logits.tolist(), first.tolist(), second.tolist()):
        chosen = naive_hard(row, [a, b], 0.5, form == 'code')
        terms = [
            math.exp((z + math.log(max(n, 1))) * (j in chosen)) * (j in chosen or form == 'code')
            for j, (z, n) in enumerate(zip(row, COUNTS))
        ]
        expected.append(-sum(w * math.log(terms[y] / sum(terms)) for w, y in ((0.3, a), (0.7, b))))
    loss = HardCategoryLoss(0.5, form, class_counts=COUNTS, reduction='none')
    assert loss(logits, shares).tolist() == pytest.approx(expected, rel=1e-10)
    torch.testing.assert_close(loss(logits, F.one_hot(first, 6)), loss(logits, first), rtol=1e-12, atol=0)
    assert torch.autograd.gradcheck(lambda z: loss(z, shares).sum(), logits.requires_grad_())


def test_rankings():
    experts = torch.stack([batch()[0], -batch()[0]])
    first = HardCategoryLoss(form='code').ranking_of(experts)
    assert torch.equal(first[0], experts[0]) and torch.equal(first[1], experts[0])
    assert torch.equal(HardCategoryLoss(ranking='first').ranking_of(experts), first)
    assert torch.equal(HardCategoryLoss().ranking_of(experts), experts)
    assert torch.equal(HardCategoryLoss(form='code', ranking='own').ranking_of(experts), experts)
    logits, targets = batch()
    loss = HardCategoryLoss(class_counts=COUNTS, reduction='none')
    expected = naive_loss(logits, targets, 0.3, 'paper')
    turned = loss(logits, targets, ranking=-logits)  # the lowest ones
    assert turned.tolist() != pytest.approx(expected, rel=1e-2)
    assert loss(logits, targets, ranking=logits).tolist() == pytest.approx(expected, rel=1e-10)


def test_random_categories_are_each_as_likely():
    """Label 0 and two of the other five: each of them in 2/5 of 4,000 rows, within five standard deviations."""
    rows = 4000
    loss = HardCategoryLoss(0.3, ranking='random', balanced=False, reduction='none')
    logits = torch.tensor([0.0, 1, 2, 3, 4, 5], dtype=torch.float64).expand(rows, 6).requires_grad_()
    values = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        values.append(loss(logits, torch.zeros(rows, dtype=torch.int64)))
    assert torch.equal(values[0], values[1]) and not torch.equal(values[0], values[2])
    chosen = torch.autograd.grad(values[0].sum(), logits)[0] != 0
    assert chosen[:, 0].all() and (chosen.sum(dim=1) == 3).all()
    assert (chosen[:, 1:].double().mean(dim=0) - 0.4).abs().max() < 5 * (0.4 * 0.6 / rows) ** 0.5


def test_hosts_way_of_calling():
    logits, targets = batch()
    expected = torch.tensor(naive_loss(logits, targets, 0.3, 'paper'), dtype=torch.float64)
    loss = HardCategoryLoss(class_counts=COUNTS, loss_weight=0.5)
    weight = torch.linspace(0, 2, 12)
    for arguments, value in [
        (dict(), expected.mean() / 2),
        (dict(avg_factor=6), expected.sum() / 12),
        (dict(reduction_override='sum'), expected.sum() / 2),
        (dict(weight=weight), (expected * weight).mean() / 2),
    ]:
        assert torch.allclose(loss(logits, targets, **arguments), value), arguments
    assert not loss.state_dict() and not list(loss.parameters())


def test_caller_keeps_its_tensors():
    logits, targets = batch()
    copies = logits.clone(), targets.clone()
    HardCategoryLoss(class_counts=COUNTS)(logits, targets)
    hard_categories(logits, targets, 0.3, True)
    assert torch.equal(logits, copies[0]) and torch.equal(targets, copies[1])


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(ratio=0), 'ratio is 0.*<= 1'),
        (dict(ratio=1.1), 'ratio is 1.1'),
        (dict(ratio=float('nan')), 'ratio is nan'),
        (dict(form='paper2'), "form is 'paper2'.*'code'"),
        (dict(ranking='mean'), "ranking is 'mean'.*'random'"),
        (dict(reduction='average'), "'average'.*'mean'"),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        HardCategoryLoss(**arguments)


def test_targets_that_do_not_fit():
    logits, targets = batch()
    loss = HardCategoryLoss(class_counts=COUNTS)
    for bad in (targets.float(), targets[:5], F.one_hot(targets, 5 + 2)):
        with pytest.raises(ValueError, match=r'ranking \(12, 6\) and targets'):
            loss(logits, bad)
    for bad in (dict(ranking=logits[:, :5]), dict(ranking=logits[:5])):
        with pytest.raises(ValueError, match=r'logits \(12, 6\) and ranking .* must both be \(B, K\)'):
            loss(logits, targets, **bad)
    with pytest.raises(ValueError, match=r'logits \(6,\) and ranking None'):
        loss(logits[0], targets)
    for bad in (targets[:5], targets.float(), torch.zeros(12, 5)):
        with pytest.raises(ValueError, match=r'ranking \(12, 6\)'):
            hard_categories(logits, bad, 0.3)
    with pytest.raises(RuntimeError, match='(?s)class_counts.*ClassStatisticsHook'):
        HardCategoryLoss()(logits, targets)

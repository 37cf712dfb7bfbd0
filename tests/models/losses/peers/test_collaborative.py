import math

import pytest
import torch
from mmpretrain.registry import MODELS

from mmlongtail.models.losses import CollaborativeLoss

COUNTS, IMAGES = [7, 3, 0], 10
WEIGHTED = dict(type='FrequencyWeightedBCELoss', class_counts=COUNTS, num_images=IMAGES)
COMPENSATED = dict(type='CompensatedBCELoss', num_classes=3, class_counts=COUNTS, num_images=IMAGES)
CONSISTENCY = dict(type='LogitConsistencyLoss', loss_weight=0.1)
STREAMS = ['uniform', 'rebalanced', 'rebalanced', 'uniform', 'uniform']  # mixed, and of unequal size
TARGETS = torch.tensor([[1, 0, 0], [0, 1, 1], [0, 0, 0], [1, 1, 0], [0, 0, 1]])
LOGITS = torch.linspace(-3, 3, 30, dtype=torch.float64).sin().mul(4).view(2, 5, 3)


def classify(logits, targets):
    """Eq. (4) in plain Python, mean over the given rows."""
    total = 0.0
    for z_row, y_row in zip(logits, targets):
        for z, y, n in zip(z_row, y_row, COUNTS):
            weight = math.exp(1 - n / IMAGES) if y else math.exp(n / IMAGES)
            total += weight * math.log(1 + math.exp(-z if y else z))
    return total / len(logits) / 3


def agree(first, second, function=float):
    """Eq. (7) in plain Python, mean over the given rows."""
    pairs = [(a, b) for row, other in zip(first, second) for a, b in zip(row, other)]
    return sum((function(a) - function(b)) ** 2 for a, b in pairs) / len(pairs)


def rows(values, *names):
    return [row for row, stream in zip(values.tolist(), STREAMS) if stream in names]


def build(streams, classification=WEIGHTED, consistency=CONSISTENCY):
    return MODELS.build(
        dict(
            type='CollaborativeLoss', streams=streams, classification=classification, consistency=consistency
        )
    )


def test_equals_eq_3():
    results = build([['uniform'], ['rebalanced']])(LOGITS, TARGETS, STREAMS)
    expected = dict(
        loss_cls_branch0=classify(rows(LOGITS[0], 'uniform'), rows(TARGETS, 'uniform')),
        loss_cls_branch1=classify(rows(LOGITS[1], 'rebalanced'), rows(TARGETS, 'rebalanced')),
        loss_con_uniform=0.1 * agree(rows(LOGITS[0], 'uniform'), rows(LOGITS[1], 'uniform')),
        loss_con_rebalanced=0.1 * agree(rows(LOGITS[0], 'rebalanced'), rows(LOGITS[1], 'rebalanced')),
    )
    assert {name: value.item() for name, value in results.items()} == pytest.approx(expected, rel=1e-12)


def test_gradient():
    loss = build([['uniform'], ['rebalanced']], COMPENSATED).double()
    logits = LOGITS.clone().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda z: sum(v for k, v in loss(z, TARGETS, STREAMS).items() if 'loss' in k), logits
    )


def test_no_consistency():
    assert set(build([['uniform'], ['rebalanced']], consistency=None)(LOGITS, TARGETS, STREAMS)) == {
        'loss_cls_branch0',
        'loss_cls_branch1',
    }


def test_probability_consistency():
    consistency = dict(CONSISTENCY, space='probability')
    results = build([['uniform'], ['rebalanced']], consistency=consistency)(LOGITS, TARGETS, STREAMS)
    sides = rows(LOGITS[0], 'uniform'), rows(LOGITS[1], 'uniform')
    expected = 0.1 * agree(*sides, lambda z: 1 / (1 + math.exp(-z)))
    assert results['loss_con_uniform'].item() == pytest.approx(expected, rel=1e-12)


def test_one_branch_on_the_union():
    results = build([['uniform', 'rebalanced']], consistency=None)(LOGITS[:1], TARGETS, STREAMS)
    expected = classify(LOGITS[0].tolist(), TARGETS.tolist())
    assert {k: v.item() for k, v in results.items()} == pytest.approx(dict(loss_cls_branch0=expected))


def test_two_views_of_one_stream():
    results = build([['uniform'], ['uniform']])(LOGITS, TARGETS, ['uniform'] * 5)
    assert results['loss_cls_branch1'].item() == pytest.approx(classify(LOGITS[1].tolist(), TARGETS.tolist()))
    con = 0.1 * agree(LOGITS[0].tolist(), LOGITS[1].tolist())
    assert results['loss_con_uniform'].item() == pytest.approx(con)
    assert set(results) == {'loss_cls_branch0', 'loss_cls_branch1', 'loss_con_uniform'}


def test_three_branches_mean_over_their_pairs():
    logits = torch.cat([LOGITS, LOGITS[:1] * 2])
    results = build([['a'], ['a'], ['a']])(logits, TARGETS, ['a'] * 5)
    pairs = [agree(logits[i].tolist(), logits[j].tolist()) for i, j in ((0, 1), (0, 2), (1, 2))]
    assert results['loss_con_a'].item() == pytest.approx(0.1 * sum(pairs) / 3)


def test_each_branch_learns_its_own_compensation():
    loss = build([['uniform'], ['rebalanced']], COMPENSATED, None)
    loss.classification[1].sigma_pos.data.fill_(2)
    results = loss(LOGITS.float(), TARGETS, STREAMS)
    assert results['branch0_sigma_pos'].item() == 1 and results['branch1_sigma_pos'].item() == 2
    logged = [name for name in results if 'loss' not in name]  # the host sums every key with 'loss'
    assert len(logged) == 8
    sum(v for k, v in results.items() if 'loss' in k).backward()
    assert all(parameter.grad is not None for parameter in loss.parameters())


def test_short_batch_without_a_stream_keeps_every_parameter_in_the_graph():
    loss = build([['uniform'], ['rebalanced']], COMPENSATED)
    logits = torch.full((2, 1, 3), 1e4, requires_grad=True)
    results = loss(logits, torch.ones(1, 3), ['uniform'])
    assert results['loss_cls_branch1'].item() == results['loss_con_rebalanced'].item() == 0
    sum(v for k, v in results.items() if 'loss' in k).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in loss.parameters())


def test_a_loss_of_the_host_serves_too():
    bce = dict(type='CrossEntropyLoss', use_sigmoid=True)
    results = build([['uniform'], ['rebalanced']], bce, None)(LOGITS, TARGETS.double(), STREAMS)
    pairs = zip(rows(LOGITS[0], 'uniform'), rows(TARGETS, 'uniform'))
    values = [math.log(1 + math.exp(-z if y else z)) for a, b in pairs for z, y in zip(a, b)]
    assert results['loss_cls_branch0'].item() == pytest.approx(sum(values) / len(values))


@pytest.mark.parametrize(
    ('streams', 'batch', 'words'),
    [
        ([['uniform'], ['rebalanced']], ['uniform'] * 4 + [None], 'DrawDataset.*StreamSampler'),
        ([['unifrom'], ['rebalanced']], STREAMS, r"\['uniform'\].*'unifrom', 'rebalanced'"),
        ([['uniform'], ['uniform'], ['rebalanced']], STREAMS, '2 branches.*has 3'),
        (['uniform', 'rebalanced'], STREAMS, r"streams\[0\] is 'uniform', expected a list"),
        ([['uniform'], []], STREAMS, r'streams\[1\] is \[\], expected a list of 1 or more'),
        ([], STREAMS, r'streams is \[\], expected a list of 1 or more'),
        ([['uniform']], STREAMS, 'needs two branches'),
    ],
)
def test_errors_say_what_to_do(streams, batch, words):
    with pytest.raises(ValueError, match=words):
        loss = CollaborativeLoss(streams, WEIGHTED, CONSISTENCY)
        loss(LOGITS, TARGETS, batch)

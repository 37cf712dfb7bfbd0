import math

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from mmlongtail.models.losses import DistributionBalancedLoss, MultiLabelFocalLoss, ProbabilityGuidedLoss
from mmlongtail.models.losses.multi_label.probability_guided import batch_probabilities

COUNTS, IMAGES, GROUPS = [150, 120, 60, 30, 10, 5], 200, [0, 0, 1, 1, 2, 2]
GIVEN = dict(class_counts=COUNTS, num_images=IMAGES)
PLAIN = dict(pos_scale=1, pos_divisor=1, neg_scale=1, neg_divisor=1)
NTR = dict(PLAIN, neg_scale=5, neg_divisor=5)
ALL = dict(
    adaptive=('pos_scale', 'pos_divisor', 'neg_scale', 'neg_divisor'),
    pos_scale=[1, 2, 3, 1.5, 0.5, 2.5],
    pos_divisor=[1, 1, 2, 2, 3, 3],
    neg_scale=[5, 5, 6, 6, 8, 8],
    neg_divisor=2,
)
WEIGHT = dict(alpha=0.1, beta=10.0, mu=0.3)


def sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x > 0 else math.exp(x) / (1 + math.exp(x))


def softplus(x):
    return max(x, 0) + math.log1p(math.exp(-abs(x)))


def naive_means(logits, targets, groups=GROUPS):
    """Eqs. (6) and (7), number by number in float64: mean probabilities of being right."""

    def own(sign):
        means = []
        for z_column, y_column in zip(logits.T.tolist(), targets.T.tolist()):
            weights = [y if sign > 0 else 1 - y for y in y_column]
            right = sum(w * sigmoid(sign * z) for w, z in zip(weights, z_column))
            means.append(right / sum(weights) if sum(weights) else None)
        return means

    def filled(means, others):
        result = []
        for mean, other, group in zip(means, others, groups):
            same = [m for m, g in zip(means, groups) if g == group and m is not None]
            result.append(mean if mean is not None else sum(same) / len(same) if same else other)
        return result

    positive, negative = own(1), own(-1)
    return filled(positive, negative), filled(negative, positive)


def naive_weight(y_row, k, alpha, beta, mu):
    """DB loss's weight of one label."""
    repeats = sum(y / n for y, n in zip(y_row, COUNTS))
    return alpha + sigmoid(beta * ((1 / COUNTS[k] / repeats if repeats else 0) - mu))


def naive(
    logits,
    targets,
    means=None,
    adaptive=(),
    adaptive_rule='closing',
    focal='adaptive',
    focal_on='plain',
    focal_gamma=2,
    init_bias=0.05,
    balance=1,
    reweight=None,
    **factors,
):
    """Eq. (10), number by number in float64; the means may be those of other logits."""
    total, means = 0.0, means or naive_means(logits, targets)
    for z_row, y_row in zip(logits.tolist(), targets.tolist()):
        for k, (z, y, n) in enumerate(zip(z_row, y_row, COUNTS)):
            ratio = max(means[0][k], 1e-3) / max(means[1][k], 1e-3)
            own = {name: f[k] if isinstance(f, list) else f for name, f in (NTR | factors).items()}
            for name in adaptive:
                follows_positives = name == 'pos_divisor' or (adaptive_rule, name) == ('literal', 'pos_scale')
                own[name] *= ratio if follows_positives else 1 / ratio
            power = {'adaptive': (focal_gamma * ratio, focal_gamma / ratio), None: (0, 0)}
            gamma = power.get(focal, (focal_gamma, focal_gamma))
            biased = z + init_bias / 5 * math.log(n / (IMAGES - n))
            wrong = (-own['pos_scale'] * biased, own['neg_scale'] * biased)
            damped = (-z, z) if focal_on == 'plain' else wrong
            positive = sigmoid(damped[0]) ** gamma[0] * softplus(wrong[0]) / own['pos_divisor']
            negative = sigmoid(damped[1]) ** gamma[1] * softplus(wrong[1]) / own['neg_divisor']
            weight = balance * (naive_weight(y_row, k, **reweight) if reweight else 1)
            total += weight * (y * positive + (1 - y) * negative)
    return total / logits.numel()


def batch(images=8, classes=6, soft=False, seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(images, classes, generator=generator, dtype=torch.float64)
    targets = torch.rand(images, classes, generator=generator, dtype=torch.float64)
    targets = targets * (targets < 0.5)
    targets[0] = 0  # an image without positives
    targets[:, 3:4] = 0  # a class without positives in a group that has some
    targets[:, 4:] = 0  # a group without positives
    targets[:, 1:2] = 1  # a class without negatives
    return logits, targets if soft else (targets > 0).long()


SETTINGS = [
    dict(),
    dict(focal='fixed', focal_gamma=1.5),
    dict(focal=None),
    dict(focal_gamma=0.5, init_bias=0.3),
    dict(adaptive=('neg_scale',), focal=None),
    dict(adaptive=('pos_divisor',), focal='fixed'),
    ALL,
    dict(adaptive=('neg_scale',), balance=2.0, focal_on='scaled', reweight=WEIGHT),
    dict(ALL, adaptive_rule='literal', focal_on='scaled'),
]


@pytest.mark.parametrize('settings', SETTINGS, ids=str)
@pytest.mark.parametrize('soft', [False, True], ids=['hard', 'soft'])
@pytest.mark.parametrize('images', [8, 1])
def test_equals_eq_10(settings, soft, images):
    logits, targets = batch(images, soft=soft)
    loss = ProbabilityGuidedLoss(**settings, **GIVEN)
    assert loss(logits, targets).item() == pytest.approx(naive(logits, targets, **settings), rel=1e-9)
    assert loss(logits.float(), targets).item() == pytest.approx(naive(logits, targets, **settings), rel=1e-5)


@pytest.mark.parametrize('settings', [dict(), ALL], ids=['default', 'all adaptive'])
@pytest.mark.parametrize('logit', [-1e4, -40, -6, 6, 40, 1e4])
@pytest.mark.parametrize(('dtype', 'rel'), [(torch.float64, 1e-9), (torch.float32, 1e-5)], ids=['64', '32'])
def test_small_means_are_exact_and_vanishing_ones_clamped(settings, logit, dtype, rel):
    logits, targets = torch.full((4, 6), logit, dtype=dtype, requires_grad=True), batch(4)[1]
    expected = naive(logits, targets, **settings)
    loss = ProbabilityGuidedLoss(**settings, **GIVEN)(logits, targets)
    loss.backward()
    assert loss.item() == pytest.approx(expected, rel=rel) and logits.grad.isfinite().all()


@pytest.mark.parametrize('settings', [dict(), SETTINGS[4], ALL], ids=['focal', 'neg_scale', 'all'])
def test_means_are_constants_of_the_gradient(settings):
    logits, targets = batch()
    point = logits.clone().requires_grad_()
    ProbabilityGuidedLoss(**settings, **GIVEN)(point, targets).backward()

    def differences(means):
        slopes = torch.zeros_like(logits)
        for i, k in np.ndindex(*logits.shape):
            step = torch.zeros_like(logits)
            step[i, k] = 1e-5
            ahead, behind = (naive(logits + s, targets, means, **settings) for s in (step, -step))
            slopes[i, k] = (ahead - behind) / 2e-5
        return slopes

    assert torch.allclose(point.grad, differences(naive_means(logits, targets)), rtol=1e-6, atol=1e-9)
    assert not torch.allclose(point.grad, differences(None), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize('scale', [1, 2, 5])
@pytest.mark.parametrize('soft', [False, True], ids=['hard', 'soft'])
def test_without_focus_it_is_db_loss(scale, soft):
    settings = dict(init_bias=0.2, **GIVEN)
    factors = dict(neg_scale=scale, neg_divisor=scale, bias_scale=scale)
    pg = ProbabilityGuidedLoss(**factors, focal=None, **settings)
    db = DistributionBalancedLoss(neg_scale=scale, reweight=False, focal_gamma=0, balance=1, **settings)
    assert torch.allclose(pg(*batch(soft=soft)), db(*batch(soft=soft)), rtol=1e-12)


def test_all_open_readings_together_are_db_focal():
    """Fixed factors, the balance, the scaled focal factor and the weight leave nothing of PG but DB loss's code."""
    logits, targets = batch()
    readings = dict(focal='fixed', focal_on='scaled', balance=2.0, reweight=WEIGHT)
    ours = ProbabilityGuidedLoss(neg_scale=5.0, neg_divisor=5.0, **readings, **GIVEN)(logits, targets)
    assert ours.item() == pytest.approx(DistributionBalancedLoss(**GIVEN)(logits, targets).item(), rel=1e-12)


@pytest.mark.parametrize('focal', [dict(focal=None), dict(focal='fixed', focal_gamma=0)], ids=str)
def test_plain_factors_without_focus_are_bce_of_biased_logits(focal):
    logits, targets = batch()
    bias = torch.tensor([0.3 / 4 * math.log(n / (IMAGES - n)) for n in COUNTS], dtype=torch.float64)
    expected = binary_cross_entropy_with_logits(logits + bias, targets.double())
    loss = ProbabilityGuidedLoss(**PLAIN, **focal, init_bias=0.3, bias_scale=4, **GIVEN)
    assert loss(logits, targets).item() == pytest.approx(expected.item(), rel=1e-12)


def test_plain_factors_and_fixed_focus_are_focal_loss():
    loss = ProbabilityGuidedLoss(**PLAIN, focal='fixed', focal_gamma=2, init_bias=0, **GIVEN)
    assert torch.allclose(loss(*batch()), MultiLabelFocalLoss(2, 2)(*batch()) / 2, rtol=1e-12)


@pytest.mark.parametrize('name', PLAIN)
@pytest.mark.parametrize(
    ('edges', 'values'), [((20, 100), [2, 2, 3, 3, 7, 7]), ((10, 130), [2, 3, 3, 3, 3, 7])]
)
def test_a_factor_per_group_stands_for_one_per_class(name, edges, values):
    by_group = ProbabilityGuidedLoss(
        **{name: dict(tail=7, medium=3, head=2)}, groups=dict(edges=edges), **GIVEN
    )
    by_class = ProbabilityGuidedLoss(**{name: values}, groups=dict(edges=edges), **GIVEN)
    assert torch.equal(by_group(*batch()), by_class(*batch()))
    assert not torch.allclose(
        by_group(*batch()), ProbabilityGuidedLoss(groups=dict(edges=edges), **GIVEN)(*batch())
    )


# By hand: sigmoid(z) and labels of each image, the groups of the classes, the means p+ and p-.
MEANS = {
    'own means': ([[0.8, 0.3], [0.6, 0.2], [0.9, 0.5]], [[1, 0], [0, 1], [1, 1]], [0, 1], [0.85, 0.35], [0.4, 0.7]),
    'group has positives': ([[0.8, 0.5], [0.4, 0.3]], [[1, 0], [0, 0]], [1, 1], [0.8, 0.8], [0.6, 0.6]),
    'group has no positives': ([[0.8, 0.5], [0.4, 0.3]], [[1, 0], [0, 0]], [1, 2], [0.8, 0.6], [0.6, 0.6]),
    'group has negatives': ([[0.8, 0.5], [0.4, 0.3]], [[1, 1], [0, 1]], [0, 0], [0.8, 0.4], [0.6, 0.6]),
    'group has no negatives': ([[0.8, 0.5], [0.4, 0.3]], [[1, 1], [0, 1]], [0, 2], [0.8, 0.4], [0.6, 0.4]),
    'mean of class means': (
        [[0.9, 0.2, 0.1], [0.7, 0.6, 0.3]], [[1, 1, 0], [1, 0, 0]], [2, 2, 2], [0.8, 0.2, 0.5], [0.6, 0.4, 0.8],
    ),
    'single image': ([[0.8, 0.5, 0.3, 0.4]], [[1, 0, 0, 1]], [0, 0, 1, 2], [0.8, 0.8, 0.7, 0.4], [0.5, 0.5, 0.7, 0.4]),
    'no positives at all': ([[0.8, 0.5], [0.4, 0.3]], [[0, 0], [0, 0]], [0, 0], [0.4, 0.6], [0.4, 0.6]),
    'soft labels': ([[0.4], [0.8]], [[0.25], [0.75]], [0], [0.7], [0.5]),
}  # fmt: skip


@pytest.mark.parametrize('case', MEANS)
def test_fallbacks_of_eq_7_by_hand(case):
    scores, targets, groups, *expected = MEANS[case]
    logits, targets = torch.tensor(scores, dtype=torch.float64).logit(), torch.tensor(targets).double()
    for got, means, naive_ones in zip(
        batch_probabilities(logits.requires_grad_(), targets, torch.tensor(groups)),
        expected,
        naive_means(logits, targets, groups),
    ):
        assert got.tolist() == pytest.approx(means, rel=1e-9) == naive_ones
        assert not got.requires_grad


def test_empty_batch():
    positive, negative = batch_probabilities(torch.zeros(0, 6), torch.zeros(0, 6), torch.tensor(GROUPS))
    assert positive.tolist() == negative.tolist() == [0.5] * 6
    total = ProbabilityGuidedLoss(**ALL, **GIVEN, reduction='sum')(torch.zeros(0, 6), torch.zeros(0, 6))
    assert total.item() == 0


def split_batch():
    logits, targets = batch()
    targets[:4, 2] = 0  # a class whose positives are all on one rank
    return logits, targets


def outcome(logits, targets):
    means = batch_probabilities(logits, targets.double(), torch.tensor(GROUPS))
    elements = ProbabilityGuidedLoss(**ALL, **GIVEN, reduction='none')(logits, targets)
    return [m.tolist() for m in means], elements.tolist()


def run_rank(rank):
    logits, targets = (tensor.chunk(2)[rank] for tensor in split_batch())
    return outcome(logits, targets)


def test_two_ranks_see_the_means_of_the_whole_batch(two_ranks):
    logits, targets = split_batch()
    assert [t.sum(0).tolist() for t in targets.chunk(2)] == [[1, 4, 0, 0, 0, 0], [4, 4, 2, 0, 0, 0]]
    means, elements = outcome(logits, targets)
    answers = two_ranks(run_rank)
    for got, _ in answers:
        assert np.allclose(got, means, rtol=1e-12)
    assert np.allclose(answers[0][1] + answers[1][1], elements, rtol=1e-12)
    alone = outcome(logits[:4], targets[:4])
    assert not np.allclose(alone[0], means)  # a rank by itself would differ


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(neg_scale=dict(head=5, tail=5)), 'neg_scale.*medium'),
        (dict(neg_divisor=0), 'neg_divisor.*0'),
        (dict(pos_scale=-1), 'pos_scale.*-1'),
        (dict(pos_divisor=[1, 2, 3]), 'pos_divisor.*3.*6'),
        (dict(adaptive=('scale',)), 'adaptive.*scale'),
        (dict(focal='both'), "focal.*'both'.*fixed"),
        (dict(focal_gamma=-1), 'focal_gamma.*-1'),
        (dict(bias_scale=0), 'bias_scale.*0'),
        (dict(balance=float('nan')), 'balance.*nan'),
        (dict(focal_on='log'), "focal_on.*'log'.*scaled"),
        (dict(adaptive_rule='open'), "adaptive_rule.*'open'.*literal"),
        (dict(reweight=dict(alpha=0.1)), 'reweight.*alpha.*beta'),
    ],
    ids=str,
)
def test_bad_arguments_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        ProbabilityGuidedLoss(**arguments, **GIVEN)(*batch())

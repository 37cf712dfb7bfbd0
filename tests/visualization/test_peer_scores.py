"""Divergences and test scores against loops over images, pairs and classes."""

from itertools import permutations
from math import exp, log

import numpy as np
import pytest
import torch
from mmpretrain.registry import DATASETS

from mmlongtail.visualization import peer_scores
from mmlongtail.visualization.peers import load_peers

LABELS = [0, 1, 2, 0, 0, 0]
COUNTS = [8, 2, 2]


def naive_kl(p, q):
    return sum(a * log(a / b) for a, b in zip(p, q) if a > 0)


def naive_pairs(peers):
    """Mean over the ordered pairs of a list of distributions."""
    pairs = list(permutations(peers, 2))
    return sum(naive_kl(p, q) for p, q in pairs) / len(pairs)


@pytest.fixture
def peers(expert_files):
    return load_peers([expert_files])


@pytest.fixture
def probabilities(peers):
    """``p[expert][view][picture]``, of pictures one by one, as they are and at half their brightness."""
    dataset = DATASETS.build(peers.cfg.test_dataloader.dataset)
    raw = [dataset[i]['inputs'].float()[None] for i in range(len(dataset))]
    views = [[(x - 127) / 64 for x in raw], [(x // 2 - 127) / 64 for x in raw]]
    (model,) = peers.models
    scores = [[model(x, mode='predict')[0].expert_scores for x in view] for view in views]
    return (
        torch.tensor([[[x[e].tolist() for x in view] for view in scores] for e in range(2)]).double().tolist()
    )


def test_a_pair_by_hand():
    """KL((1/2, 1/2) || (1/4, 3/4)) is ln(2/sqrt(3)), the other way 3/4 ln 3 - ln 2; two of three are equal."""
    p, q = [0.5, 0.5], [0.25, 0.75]
    there, back = log(2 / 3**0.5), 0.75 * log(3) - log(2)
    log_probs = torch.tensor([[[p], [p]], [[q], [q]]]).double().log()  # (E 2, T 2, B 1, K 2)
    found = peer_scores.mean_divergences(log_probs)
    assert found['experts'].item() == pytest.approx((there + back) / 2) and found['copies'].item() == 0
    three = torch.tensor([[[p], [q], [p]]]).double().log()
    found = peer_scores.mean_divergences(three)
    assert list(found) == ['copies'] and found['copies'].item() == pytest.approx((there + back) / 3)
    assert peer_scores.mean_divergences(three[:, :1]) == {}


@pytest.mark.parametrize('balanced', [False, True])
@pytest.mark.parametrize('copies', [2, 3])
def test_divergences_of_each_class(peers, probabilities, copies, balanced):
    p = probabilities
    if balanced:
        weighted = [[[[n * x for n, x in zip(COUNTS, i)] for i in v] for v in e] for e in p]
        p = [[[[x / sum(i) for x in i] for i in v] for v in e] for e in weighted]
    views = (0, 1, 0)[:copies]
    experts = [np.mean([naive_pairs([p[0][v][i], p[1][v][i]]) for v in views]) for i in range(6)]
    own = [np.mean([naive_pairs([p[e][v][i] for v in views]) for e in range(2)]) for i in range(6)]
    found = peer_scores.class_divergences(peers, copies=copies, balanced=balanced)
    for name, images in (('experts', experts), ('copies', own)):
        expected = [np.mean([x for x, k in zip(images, LABELS) if k == label]) for label in range(3)]
        np.testing.assert_allclose(found[name], expected, rtol=1e-4)
        assert min(expected) > 1e-3


def test_divergences_on_the_test_set_and_on_few_images(peers, expert_files):
    every = peer_scores.class_divergences(peers)
    shuffled = peer_scores.class_divergences(peers, per_class=100, seed=3)  # all of them, too
    trained = peer_scores.class_divergences(peers, 'train')  # the same pictures here
    for name in ('experts', 'copies'):
        np.testing.assert_allclose(trained[name], every[name])
        np.testing.assert_allclose(shuffled[name], every[name])
    few = peer_scores.class_divergences(peers, per_class=1, seed=1)
    np.testing.assert_allclose(few['copies'][1:], every['copies'][1:])  # of one picture each
    assert few['copies'][0] != pytest.approx(every['copies'][0], rel=1e-3)
    twice = load_peers([expert_files, expert_files])  # pairs of equal experts: 4 of 12 are 0
    both = peer_scores.class_divergences(twice, copies=1)
    single = peer_scores.class_divergences(peers, copies=1)
    assert list(both) == ['experts']
    np.testing.assert_allclose(both['experts'], single['experts'] * 8 / 12)
    with pytest.raises(ValueError, match='copies is 0, expected'):
        peer_scores.class_divergences(peers, copies=0)


def test_scores_of_each_expert(peers, probabilities):
    found = peer_scores.score_test_set(peers)
    plain = [view[0] for view in probabilities]  # (E, N, K)
    hardest = [max(x for k, x in enumerate(i) if k != label) for e in plain for i, label in zip(e, LABELS)]
    np.testing.assert_allclose(found['hardest_negative'], hardest, rtol=1e-5)
    check_accuracy(found['accuracy'], plain)


def test_scores_of_the_ensemble(peers, probabilities):
    """Its probabilities are the experts' geometric means."""
    found = peer_scores.score_test_set(peers, ensemble=True)
    first, second = (view[0] for view in probabilities)
    means = [[exp((log(a) + log(b)) / 2) for a, b in zip(*pair)] for pair in zip(first, second)]
    mixed = [[x / sum(i) for x in i] for i in means]
    hardest = [max(x for k, x in enumerate(i) if k != label) for i, label in zip(mixed, LABELS)]
    np.testing.assert_allclose(found['hardest_negative'], hardest, rtol=1e-5)
    check_accuracy(found['accuracy'], [mixed])


def check_accuracy(found, experts):
    right = [np.mean([int(np.argmax(e[i])) == label for e in experts]) for i, label in enumerate(LABELS)]
    expected = [100 * np.mean([x for x, k in zip(right, LABELS) if k == label]) for label in range(3)]
    np.testing.assert_allclose(found, expected)
    assert 0 < np.mean(expected) < 100

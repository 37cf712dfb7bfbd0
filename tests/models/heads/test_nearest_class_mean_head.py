"""Distances to class means, against scikit-learn."""

import numpy as np
import pytest
import torch
from mmpretrain.registry import MODELS
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.neighbors import NearestCentroid


def build(**kwargs):
    return MODELS.build(dict(dict(type='NearestClassMeanHead', num_classes=4, in_channels=5), **kwargs))


@pytest.fixture
def means():
    return torch.randn(4, 5, generator=torch.Generator().manual_seed(0))


EVERY = torch.ones(4, dtype=torch.bool)


def test_predictions_are_those_of_nearest_centroid():
    random = np.random.RandomState(0)
    train, labels = random.randn(60, 5), np.arange(60) % 4
    test = random.randn(200, 5)
    for shift in (0, 1000):  # far from the origin float32 has few digits left for products
        reference = NearestCentroid().fit(train + shift, labels)
        head = build()
        head.set_class_means(torch.tensor(reference.centroids_).float(), EVERY)
        samples = head.predict((torch.tensor(test + shift).float(),))
        agree = [s.pred_label.item() for s in samples] == reference.predict(test + shift)
        assert agree.mean() > (0.99 if shift else 0.9999)


def test_logits(means):
    feats = torch.randn(6, 5)
    head = build()
    head.set_class_means(means, EVERY)
    naive = [[-sum((x - m) ** 2 for x, m in zip(f, mean)) for mean in means.tolist()] for f in feats.tolist()]
    torch.testing.assert_close(head((feats,)), torch.tensor(naive), rtol=1e-5, atol=1e-5)
    cosine = build(metric='cosine')
    cosine.set_class_means(means, EVERY)
    expected = torch.tensor(cosine_similarity(feats.double(), means.double()))
    torch.testing.assert_close(cosine((torch.zeros(1), feats)).double(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize('metric', ['euclidean', 'cosine'])
def test_a_class_without_mean_is_never_predicted(means, metric):
    head = build(metric=metric)
    known = torch.tensor([True, False, True, True])
    head.set_class_means(means * known[:, None], known)
    scores = torch.stack([s.pred_score for s in head.predict((torch.zeros(1, 5),))])
    assert scores[0, 1] == 0 and scores.sum() == pytest.approx(1)


def test_checkpoint_alone_predicts(means):
    head, other, feats = build(), build(), (torch.randn(3, 5),)
    head.set_class_means(means, EVERY)
    other.load_state_dict(head.state_dict())
    assert torch.equal(head(feats), other(feats))
    assert not list(head.parameters())


def test_half_precision_features(means):
    head, feats = build(), torch.randn(3, 5).bfloat16()
    head.set_class_means(means, EVERY)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        logits = head((feats,))
    torch.testing.assert_close(logits, head((feats.float(),)))


def test_bad_arguments(means):
    with pytest.raises(ValueError, match="metric is 'manhattan', expected one of"):
        build(metric='manhattan')
    with pytest.raises(ValueError, match='num_classes is 0, expected a whole number >= 1'):
        build(num_classes=0)
    with pytest.raises(ValueError, match=r'class means are \(3, 5\) with \(4,\) known, expected \(4, 5\)'):
        build().set_class_means(means[:3], EVERY)
    with pytest.raises(RuntimeError, match='list ClassMeanHook in default_hooks'):
        build()((torch.randn(3, 5),))

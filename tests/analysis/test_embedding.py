"""Choices by hand; neighbors that t-SNE keeps."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from mmlongtail.analysis import embedding


@pytest.mark.parametrize(
    ('num_classes', 'expected'),
    [
        (3, [0, 1, 2]),
        (10, list(range(10))),
        (13, [0, 1, 2, 3, 5, 6, 7, 10, 11, 12]),
        (20, [0, 1, 2, 3, 9, 10, 11, 17, 18, 19]),
    ],
)
def test_default_classes_by_hand(num_classes, expected):
    """``expected`` are ranks; the classes themselves are in another order."""
    classes = np.random.default_rng(num_classes).permutation(num_classes)
    counts = np.empty(num_classes)
    counts[classes] = 100 - np.arange(num_classes)
    assert embedding.choose_classes(counts).tolist() == classes[expected].tolist()


def test_images_show_one_of_the_chosen_classes():
    shown = [[0], [0, 1], [0, 2], [1, 3], [2], [0, 3], [3], [0, 1, 2]]
    images = np.repeat(np.arange(8), [len(classes) for classes in shown])
    labels = images, np.concatenate(shown)
    drawn, classes = embedding.choose_images(labels, [1, 0], per_class=100, seed=0)
    assert classes.tolist() == [1, 0, 0, 0] and drawn[0] == 3 and sorted(drawn[1:]) == [0, 2, 5]
    with pytest.raises(ValueError, match=r'class index 1 has no image .* of the classes \[1, 0, 3\]'):
        embedding.choose_images(labels, [1, 0, 3], per_class=1, seed=0)
    with pytest.raises(ValueError, match='per_class is 0, expected'):
        embedding.choose_images(labels, [1], per_class=0, seed=0)


def test_images_are_a_bounded_draw_of_the_seed():
    labels = np.arange(3000), np.tile([0, 1, 2], 1000)
    drawn, classes = embedding.choose_images(labels, [2, 0], per_class=50, seed=1)
    assert classes.tolist() == [2] * 50 + [0] * 50 and len(set(drawn)) == 100
    np.testing.assert_array_equal(drawn % 3, classes)
    assert drawn[:50].max() > 1500  # not merely the first ones
    again, _ = embedding.choose_images(labels, [0, 1], per_class=50, seed=1)
    np.testing.assert_array_equal(again[:50], drawn[50:])
    assert set(embedding.choose_images(labels, [2, 0], per_class=50, seed=2)[0]) != set(drawn)


def test_neighbors_stay_neighbors():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 15)
    feats = 20 * rng.normal(size=(3, 16))[labels] + rng.normal(size=(45, 16))
    points = embedding.embed(feats, seed=3, perplexity=5, iterations=300)
    assert points.shape == (45, 2)
    assert KNeighborsClassifier(3).fit(points, labels).score(points, labels) == 1
    np.testing.assert_array_equal(points, embedding.embed(feats, seed=3, perplexity=5, iterations=300))
    with pytest.raises(ValueError, match='perplexity is 45, expected .* below the 45 images'):
        embedding.embed(feats, perplexity=45)


def test_either_name_of_the_number_of_steps(monkeypatch):
    """Of scikit-learn 1.4, and of the one that is installed since."""

    class Old:
        def __init__(self, n_iter=1000, **others):
            self.n_iter = n_iter

        def fit_transform(self, feats):
            return self.n_iter

    class New(Old):
        def __init__(self, max_iter=1000, **others):
            super().__init__(max_iter, **others)
            assert 'n_iter' not in others

    for tsne in (Old, New):
        monkeypatch.setattr(embedding, 'TSNE', tsne)
        assert embedding.embed(np.zeros((9, 2)), perplexity=2, iterations=321) == 321

"""Class sizes in exact integer arithmetic, the published totals, and the draw against the papers' own lines."""

import numpy as np
import pytest

from mmlongtail.datasets.imbalance import draw_images, imbalanced_counts

PUBLISHED = {  # (classes, largest, factor): images, as Cui et al., Cao et al. and Zhong et al. report them
    (10, 5000, 200): 11203,
    (10, 5000, 100): 12406,
    (10, 5000, 50): 13996,
    (10, 5000, 10): 20431,
    (100, 500, 200): 9502,
    (100, 500, 100): 10847,
    (100, 500, 50): 12608,
    (100, 500, 10): 19573,
}


def draw_of_ldam(labels: list[int], counts: list[int]) -> list[int]:
    """``gen_imbalanced_data`` of LDAM-DRW, with the global generator that it seeds."""
    before = np.random.get_state()
    np.random.seed(0)
    drawn = []
    for k, n in enumerate(counts):
        idx = np.where(np.array(labels, dtype=np.int64) == k)[0]
        np.random.shuffle(idx)
        drawn.extend(idx[:n].tolist())
    np.random.set_state(before)
    return drawn


@pytest.mark.parametrize('setting, images', PUBLISHED.items())
def test_published_totals(setting, images):
    counts = imbalanced_counts(*setting)
    assert counts.sum() == images
    assert counts[0] == setting[1] and counts[-1] == setting[1] // setting[2]


@pytest.mark.parametrize('num_classes, largest, factor', [*PUBLISHED, (3, 500, 100), (7, 1000, 3), (5, 9, 9)])
def test_each_class_in_whole_numbers(num_classes, largest, factor):
    """m = int(n IF^(-i/(K-1))) is the largest whole m with m^(K-1) IF^i <= n^(K-1)."""
    last = num_classes - 1
    for i, m in enumerate(imbalanced_counts(num_classes, largest, factor).tolist()):
        assert m**last * factor**i <= largest**last < (m + 1) ** last * factor**i


def test_step_and_edges():
    assert imbalanced_counts(4, 500, 200, 'step').tolist() == [500, 500, 2, 2]
    assert imbalanced_counts(5, 10, 2.5, 'step').tolist() == [10, 10, 4, 4, 4]
    assert imbalanced_counts(3, 7, 1).tolist() == imbalanced_counts(3, 7, 1, 'step').tolist() == [7, 7, 7]
    assert imbalanced_counts(1, 7, 7).tolist() == [7] and imbalanced_counts(2, 7, 7).tolist() == [7, 1]


@pytest.mark.parametrize(
    'arguments, message',
    [
        ((0, 5, 1), 'num_classes is 0'),
        ((3, 5, 0.5), 'max_count=5: imbalance_factor is 0.5, expected a finite number >= 1 and <= 5'),
        ((3, 5, 6), 'imbalance_factor is 6'),
        ((3, 5, 2, 'linear'), "imbalance_type is 'linear', expected one of"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        imbalanced_counts(*arguments)


def test_draw_is_that_of_the_papers():
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(4), [40, 31, 25, 30]))
    wanted = [40, 7, 0, 3]
    drawn = draw_images(labels, np.array(wanted), 'abcd')
    assert drawn.tolist() == draw_of_ldam(labels.tolist(), wanted)
    assert draw_images(labels, np.array(wanted), 'abcd', seed=1).tolist() != drawn.tolist()


def test_draw_leaves_generators_and_labels_alone():
    labels = np.array([1, 0, 1, 0])
    before = np.random.get_state()[1].copy()
    draw_images(labels, np.array([1, 2]), 'ab')
    assert (np.random.get_state()[1] == before).all() and labels.tolist() == [1, 0, 1, 0]


def test_too_few_images_name_the_class():
    with pytest.raises(
        ValueError, match=r"class 'dog' \(1\) has 2 images, but the draw needs 3; 2 of 3 classes"
    ):
        draw_images(np.array([0, 1, 1, 0]), np.array([1, 3, 1]), ['cat', 'dog', 'owl'])

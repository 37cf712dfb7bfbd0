"""The pictures of the demo set are real digits, really there, and the same each time."""

import cv2
import numpy as np
import pytest
from mmpretrain.registry import TRANSFORMS

from mmlongtail.datasets.transforms.compose_digits import ComposeDigits, handwritten_digits

SAMPLE = dict(digits=[3, 700, 1500], inks=['red', 'green', 'blue'], seed=7)


def quarters(image: np.ndarray) -> list[np.ndarray]:
    half = len(image) // 2
    return [image[y : y + half, x : x + half] for y in (0, half) for x in (0, half)]


def best_match(quarter: np.ndarray, digit: int) -> float:
    """Largest correlation of one handwritten digit, at any place and size, with a channel of a quarter."""
    template = handwritten_digits()[0][digit]
    return max(
        cv2.matchTemplate(channel, cv2.resize(template, (side, side)), cv2.TM_CCOEFF_NORMED).max()
        for channel in cv2.split(quarter.astype(np.float32))
        for side in range(9, 15)
    )


def test_digits_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits

    ink, target = handwritten_digits()
    assert ink.shape == (1797, 8, 8) and (ink.min(), ink.max()) == (0, 1)
    np.testing.assert_array_equal((ink * 16).astype(int), load_digits().images.astype(int))
    np.testing.assert_array_equal(target, load_digits().target)


@pytest.mark.parametrize('count', [0, 1, 2, 4])
def test_each_digit_is_there_and_nothing_else(count):
    """Each of the digits correlates highly with a quarter of its own; the other quarters are plain ground."""
    transform = ComposeDigits(noise=0)
    rng = np.random.default_rng(count)
    for seed in range(20):
        digits = rng.choice(1797, count, replace=False).tolist()
        image = transform(dict(digits=digits, inks=['red', 'green', 'blue', 'red'][:count], seed=seed))['img']
        table = np.array([[best_match(q, d) for q in quarters(image)] for d in digits]).reshape(count, 4)
        assert len(set(table.argmax(1))) == count
        assert (table.max(1) > 0.9).all()
        written = [
            np.abs(cv2.Laplacian(q.astype(np.float32), cv2.CV_32F)).max() > 40 for q in quarters(image)
        ]
        assert sum(written) == count


@pytest.mark.parametrize('ink, channel', [('blue', 0), ('green', 1), ('red', 2)])
def test_ink_has_its_color(ink, channel):
    """What a digit changes in the empty picture of the same seed shows its color most; channels are B, G, R."""
    transform = ComposeDigits(noise=0)
    for seed in range(20):
        empty, image = (
            transform(dict(digits=[5] * n, inks=[ink] * n, seed=seed))['img'].astype(int) for n in (0, 1)
        )
        place = np.unravel_index(np.abs(image - empty).sum(2).argmax(), image.shape[:2])
        assert image[place].argmax() == channel


def test_noise_has_the_strength_asked_for():
    clean, noisy = (ComposeDigits(noise=noise)(dict(SAMPLE))['img'].astype(float) for noise in (0, 10))
    inside = (clean > 40) & (clean < 215)  # where nothing is clipped
    assert inside.sum() > 1000
    assert (noisy - clean)[inside].std() == pytest.approx(10, rel=0.05)


def test_picture_follows_from_the_seed_alone():
    transform = TRANSFORMS.build(dict(type='ComposeDigits', size=40))
    np.random.seed(0)
    first = transform(dict(SAMPLE))
    np.random.seed(1)
    again, other = transform(dict(SAMPLE)), transform(dict(SAMPLE, seed=8))
    assert first['img'].shape == (40, 40, 3) and first['img'].dtype == np.uint8
    assert first['img_shape'] == first['ori_shape'] == (40, 40)
    np.testing.assert_array_equal(first['img'], again['img'])
    assert (first['img'] != other['img']).any()


@pytest.mark.parametrize(
    'arguments, words',
    [
        (dict(size=18), 'size is 18'),
        (dict(size=33), 'size is 33, expected a multiple of across=2'),
        (dict(noise=-1), 'noise is -1'),
        (dict(hue_jitter=60), 'hue_jitter is 60, expected .* < 60'),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        ComposeDigits(**arguments)


@pytest.mark.parametrize('digits, inks', [([1] * 5, ['red'] * 5), ([1, 2], ['red'])])
def test_bad_samples(digits, inks):
    with pytest.raises(ValueError, match='one ink per digit, 4 at most'):
        ComposeDigits()(dict(digits=digits, inks=inks, seed=0))


def test_one_digit_fills_the_picture():
    transform = ComposeDigits(size=16, noise=0, across=1)
    sample = dict(digits=[5], inks=['red'], seed=3)
    empty, image = (
        transform({**sample, **change})['img'].astype(int) for change in (dict(digits=[], inks=[]), {})
    )
    rows, columns, _ = np.nonzero(abs(image - empty) > 20)
    assert np.ptp(rows) >= 8  # more than a quarter's height
    with pytest.raises(ValueError, match='one ink per digit, 1 at most'):
        transform(dict(digits=[1, 2], inks=['red', 'blue'], seed=0))


def test_a_picture_that_was_changed_is_composed_as_before():
    transform = ComposeDigits()
    first = transform(dict(SAMPLE))['img']
    kept = first.copy()
    first[:] = 0
    np.testing.assert_array_equal(transform(dict(SAMPLE))['img'], kept)

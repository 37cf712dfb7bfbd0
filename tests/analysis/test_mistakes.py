"""Calibration, errors and confusion against cases worked by hand and scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from mmlongtail.analysis.mistakes import Mistake, Scored, confident_errors, group_calibration, worst_pairs

NAMES = ('many', 'medium', 'few')


def single(scores, labels) -> Scored:
    return Scored(np.array(scores), np.eye(len(scores[0]), dtype=bool)[labels], multi_label=False)


def test_calibration_of_one_label_goes_by_the_true_class():
    scored = single([[0.95, 0.05], [0.75, 0.25], [0.65, 0.35], [0.55, 0.45]], [0, 1, 0, 1])
    total, many, few = group_calibration(scored, np.array([0, 2]), NAMES)
    assert [(part.name, part.decisions, part.share) for part in (total, many, few)] == [
        ('total', 4, 0.5),
        ('many', 2, 1.0),
        ('few', 2, 0.0),
    ]
    assert many.confidence == pytest.approx(0.8) and many.error == pytest.approx(0.2)
    assert few.confidence == few.error == pytest.approx(0.65)
    assert total.error == pytest.approx((0.05 + 0.75 + 0.35 + 0.55) / 4)
    np.testing.assert_allclose(few.bins, [[0.55, 0], [0.75, 0]])


def test_calibration_of_many_labels_is_of_each_image_and_class():
    targets = np.array([[1, 0], [0, 0]], bool)
    scored = Scored(np.array([[0.9, 0.3], [0.1, 0.5]]), targets, multi_label=True)
    total, head, tail = group_calibration(scored, np.array([0, 2]), ('head', 'medium', 'tail'))
    assert (total.decisions, head.decisions, tail.name) == (4, 2, 'tail')
    assert (head.confidence, head.share) == pytest.approx((0.5, 0.5))
    assert head.error == pytest.approx(0.1) and tail.error == pytest.approx(0.4)


def test_confident_errors_of_one_label():
    scored = single([[0.9, 0.1, 0], [0.2, 0.8, 0], [0.1, 0.3, 0.6]], [0, 2, 0])
    [found] = confident_errors(scored, 5).values()
    assert found == [Mistake(1, 1, 0.8, 2), Mistake(2, 2, 0.6, 0)]
    assert list(confident_errors(single([[1.0, 0]], [0]), 5).values()) == [[]]


def test_confident_errors_of_many_labels():
    targets = np.array([[1, 0, 0], [0, 1, 1], [0, 0, 0]], bool)
    scored = Scored(np.array([[0.2, 0.7, 0.1], [0.4, 0.6, 0.05], [0.9, 0.8, 0]]), targets, multi_label=True)
    false, missed = confident_errors(scored, 2).values()
    assert false == [Mistake(2, 0, 0.9), Mistake(0, 1, 0.7)]  # an image once
    assert missed == [Mistake(1, 2, 0.05), Mistake(0, 0, 0.2)]  # and none of the third


def test_images_have_their_names_or_numbers():
    scores, targets = np.zeros((2, 1)), np.zeros((2, 1), bool)
    assert Scored(scores, targets, True, ('a/1.png', 'b/1.png')).name(1) == 'b/1.png'
    assert Scored(scores, targets, True).name(1) == 'image 1'


def test_worst_pairs_are_those_of_the_confusion_matrix():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, 200)
    scored = single(rng.random((200, 5)).tolist(), labels)
    matrix = confusion_matrix(labels, scored.scores.argmax(1))
    sizes = matrix.sum(axis=1)
    found = worst_pairs(scored, 30)
    assert len(found) == 20 and found == sorted(found, key=lambda pair: -pair[2])
    assert all(matrix[own, other] == images and sizes[own] == of for own, other, images, of in found)
    with pytest.raises(ValueError, match='several labels'):
        worst_pairs(Scored(scored.scores, scored.targets, multi_label=True), 3)

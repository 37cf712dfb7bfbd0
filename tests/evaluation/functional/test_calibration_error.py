"""Against a loop over bins and cases worked by hand."""

import numpy as np
import pytest

from mmlongtail.evaluation.functional import expected_calibration_error


def naive(confidences, correct, num_bins):
    """The definition, bin by bin."""
    total = 0.0
    for b in range(num_bins):
        low, high = b / num_bins, (b + 1) / num_bins
        inside = [i for i, c in enumerate(confidences) if low < c <= high or (b == 0 and c == 0)]
        if inside:
            accuracy = sum(float(correct[i]) for i in inside) / len(inside)
            confidence = sum(float(confidences[i]) for i in inside) / len(inside)
            total += len(inside) / len(confidences) * abs(accuracy - confidence)
    return total


def test_hand_worked():
    confidences, correct = np.array([0.6, 0.8, 1.0, 0.3]), np.array([1, 0, 1, 1])
    # two bins: (0, 0.5] has |1 - 0.3|, (0.5, 1] has |2/3 - 0.8|
    assert expected_calibration_error(confidences, correct, 2) == pytest.approx(
        0.7 / 4 + 3 / 4 * (0.8 - 2 / 3)
    )
    assert expected_calibration_error(confidences, correct, 1) == pytest.approx(3 / 4 - 0.675)


@pytest.mark.parametrize('num_bins', [1, 2, 10, 15])
def test_equals_the_loop_also_on_the_edges(num_bins):
    rng = np.random.default_rng(0)
    confidences = np.concatenate([rng.random(300), np.arange(num_bins + 1) / num_bins])
    correct = rng.random(len(confidences)) < confidences**2
    expected = naive(confidences, correct, num_bins)
    assert expected_calibration_error(confidences, correct, num_bins) == pytest.approx(expected, abs=1e-12)
    assert expected > 0.01


def test_fifteen_bins_unless_told_otherwise():
    rng = np.random.default_rng(1)
    confidences, correct = rng.random(300), rng.random(300) < 0.5
    assert expected_calibration_error(confidences, correct) == pytest.approx(naive(confidences, correct, 15))


def test_extremes():
    assert expected_calibration_error(np.ones(4), np.ones(4)) == 0
    assert expected_calibration_error(np.ones(4), np.zeros(4)) == 1
    assert expected_calibration_error(np.full(4, 1.0005), np.ones(4)) == pytest.approx(0.0005)


@pytest.mark.parametrize(
    'arguments, message',
    [
        (([0.5, 1.5], [1, 1]), r'probabilities in \[0, 1\], got 0.5 to 1.5'),
        (([0.5, -0.2], [1, 1]), 'got -0.2 to 0.5'),
        (([0.5, np.nan], [1, 1]), 'got nan'),
        (([0.5], [1, 1]), r'got \(1,\) and \(2,\)'),
        (([], []), r'got \(0,\)'),
        (([0.5], [1], 0), 'num_bins is 0, expected a whole number >= 1'),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        expected_calibration_error(*arguments)

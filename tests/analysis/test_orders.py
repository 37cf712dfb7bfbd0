"""Steps of an order, worked by hand and by scipy's test of one sample."""

import pytest
from scipy.stats import ttest_1samp

from mmlongtail.analysis.orders import order_table


def runs(*values, first_seed=0):
    return [dict(seed=str(seed), total=f'{value:.2f}') for seed, value in enumerate(values, first_seed)]


def lines(order, **methods):
    return [line.strip('| ').split(' | ') for line in order_table(methods, order, 'total').splitlines()[2:]]


def test_steps_worked_by_hand_and_the_whole_way():
    low, middle, high = runs(50, 51, 52), runs(52, 53.5, 53.5), runs(52.1, 53.3, 53.6)
    steps = lines('low < middle < high', low=low, middle=middle, high=high)
    assert [step[0] for step in steps] == ['low < middle', 'middle < high', 'low < high']
    assert steps[0][1:4] == ['3', '+2.00 ± 0.50', '3 of 3'] and steps[0][5] == 'holds'
    assert float(steps[0][4]) == pytest.approx(ttest_1samp([2, 2.5, 1.5], 0).pvalue, abs=5e-4)
    assert steps[1][1:] == ['3', '+0.00 ± 0.17', '2 of 3', '1.000', 'within the spread']


def test_a_step_that_fails_and_seeds_in_common_alone():
    (step,) = lines('a < b', a=runs(3, 3, 3, 9), b=runs(2.1, 1.9, 2, first_seed=0))
    assert step[1:4] == ['3', '-1.00 ± 0.10', '0 of 3'] and step[5] == '**fails**'


def test_one_seed_decides_nothing():
    (step,) = lines('a < b', a=runs(1, 2), b=runs(5))
    assert step[1:] == ['1', '+4.00', '1 of 1', '–', 'one seed']


def test_equal_results_are_within_the_spread():
    (step,) = lines('a < b', a=runs(1, 2), b=runs(1, 2))
    assert step[5] == 'within the spread'


@pytest.mark.parametrize(
    ('order', 'methods', 'message'),
    [
        ('a < c', dict(a=runs(1)), "the order 'a < c' has no run of c, only of a"),
        ('a < b', dict(a=runs(1), b=runs(1, first_seed=3)), r"no seed in common: \['0'\] and \['3'\]"),
    ],
)
def test_what_cannot_be_compared_is_refused(order, methods, message):
    with pytest.raises(ValueError, match=message):
        order_table(methods, order, 'total')

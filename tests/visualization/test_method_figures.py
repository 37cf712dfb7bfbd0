"""What is drawn, read back from the figure."""

import numpy as np
import pytest

from mmlongtail.structures import SINGLE_LABEL, ClassStatistics
from mmlongtail.visualization.method_figures import score_figure

COUNTS = np.array([5, 300, 50, 100])  # few, many, medium, medium by the single-label rule
STATISTICS = ClassStatistics(COUNTS, 400, ('cow', 'person', 'dog', 'car'))
SCORES = dict(plain=np.array([10.0, 80.0, np.nan, 60.0]), better=np.array([30.0, 76.0, 50.0, 70.0]))


@pytest.fixture(scope='module')
def panels():
    return score_figure(SCORES, STATISTICS, 'accuracy (%)', SINGLE_LABEL).axes


def test_counts_and_scores_go_from_frequent_to_rare(panels):
    above, below = panels
    assert [bar.get_height() for bar in above.containers[0]] == [300, 100, 50, 5]
    plain, better = below.containers
    assert [bar.get_height() for bar in plain] == [80, 60, 0, 10]
    assert [bar.get_height() for bar in better] == [76, 70, 50, 30]
    assert [label.get_text() for label in below.get_xticklabels()] == ['person', 'car', 'dog', 'cow']
    assert [text.get_text() for text in below.get_legend().get_texts()] == ['plain', 'better']


def test_each_group_has_its_mean_by_each_method(panels):
    """A class without a score is in no mean; a class of 100 images is medium, as the rule says."""
    above, below = panels
    assert [text.get_text() for text in above.texts[-3:]] == ['many', 'medium', 'few']
    assert [line.get_ydata()[0] for line in below.lines] == [80, 60, 10, 76, 60, 30]


@pytest.mark.parametrize('number', [0, 5])
def test_number_of_methods_is_limited(number):
    scores = {str(i): SCORES['plain'] for i in range(number)}
    with pytest.raises(ValueError, match=f'scores has {number} methods, expected 1 to 4'):
        score_figure(scores, STATISTICS, 'AP')

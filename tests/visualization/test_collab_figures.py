"""What is drawn, read back from the figures."""

import numpy as np
import pytest

from mmlongtail.structures import ClassStatistics
from mmlongtail.visualization import collab_figures

COUNTS = np.array([5, 300, 50, 120])  # tail, head, medium, head
ORDER = [1, 3, 2, 0]
STATISTICS = ClassStatistics(COUNTS, 400, ('cow', 'person', 'dog', 'car'))


def heights(ax):
    return [bar.get_height() for bar in ax.patches if bar.get_label() != 'span' and bar.get_width() < 1]


def tick_names(ax):
    return [label.get_text() for label in ax.get_xticklabels()]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_increment_goes_from_head_to_tail():
    baseline = np.array([10.0, 80.0, np.nan, 60.0])
    better = np.array([30.0, 76.0, 50.0, 61.0])
    figure = collab_figures.increment_figure(baseline, {'A': better, 'B': baseline}, STATISTICS, 'uniform')
    first, second = figure.axes
    assert first.get_title(loc='left') == 'A over uniform'
    np.testing.assert_allclose(heights(first), [-4, 1, np.nan, 20])
    np.testing.assert_allclose(heights(second), [0, 0, np.nan, 0])
    assert tick_names(second) == ['person', 'car', 'dog', 'cow']
    assert texts(first) == ['head, mean -1.5', 'medium', 'tail, mean +20.0']
    losing, gaining = first.patches[0].get_facecolor(), first.patches[1].get_facecolor()
    assert losing != gaining


def test_compensation_lines():
    rng = np.random.default_rng(0)
    branches = {
        name: {key: rng.normal(size=4) for key in ('mu_pos', 'mu_neg', 'sigma_pos', 'sigma_neg')}
        for name in 'UR'
    }
    axes = collab_figures.compensation_figure(branches, STATISTICS).axes
    assert [ax.get_title(loc='left') for ax in axes] == [
        'U: $\\mu$',
        'R: $\\mu$',
        'U: $\\sigma$',
        'R: $\\sigma$',
    ]
    lines = {line.get_label(): line.get_ydata() for line in axes[3].lines}
    np.testing.assert_array_equal(lines['positive logits'], branches['R']['sigma_pos'][ORDER])
    np.testing.assert_array_equal(lines['negative logits'], branches['R']['sigma_neg'][ORDER])
    start = [ax.lines[-1].get_ydata()[0] for ax in axes]
    assert start == [0, 0, 1, 1]


def test_cooccurrence_counts_other_classes_once():
    together = np.array([[5, 5, 0, 0], [5, 300, 7, 1], [0, 7, 50, 0], [0, 1, 0, 120]])
    known = ClassStatistics(COUNTS, 400, STATISTICS.classes, stored_cooccurrence=together)
    (ax,) = collab_figures.cooccurrence_figure(known).axes
    assert heights(ax) == [3, 1, 1, 1]
    assert together[0, 0] == 5  # not changed by the drawing
    with pytest.raises(ValueError, match='know no co-occurrence'):
        collab_figures.cooccurrence_figure(STATISTICS)


def test_weights_are_in_order_with_deviations_over_seeds():
    (ax,) = collab_figures.weight_figure({1.0: [50.0], 0.1: [51.0, 53.0]}, 'VOC-LT').axes
    line = ax.lines[0]
    np.testing.assert_allclose(line.get_xydata(), [[0.1, 52.0], [1.0, 50.0]])
    bars = ax.collections[0].get_segments()
    np.testing.assert_allclose(bars[0][:, 1], 52 + np.sqrt(2) * np.array([-1, 1]))
    np.testing.assert_allclose(bars[1][:, 1], [50, 50])
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ['0.1', '1']


@pytest.mark.parametrize('num_classes', [2, 80])
def test_draws_any_number_of_classes(tmp_path, num_classes):
    known = ClassStatistics(np.arange(num_classes) * 3, 400)
    zeros = np.zeros(num_classes)
    path = tmp_path / 'figure.png'
    collab_figures.increment_figure(zeros, {'A': zeros}, known, 'B').savefig(path)
    assert path.read_bytes()[:4] == b'\x89PNG'

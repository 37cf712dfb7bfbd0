"""From lines of a log, real and written by hand, to what is drawn, read back from the figures."""

import json

import numpy as np
import pytest
from mmengine.runner import Runner

from mmlongtail.visualization import probability_curves as curves

NAMES = [f'p_{sign}_{group}' for sign in ('pos', 'neg') for group in ('head', 'medium', 'tail')]


def write_log(work_dir, timestamp, lines):
    path = work_dir / timestamp / 'vis_data' / 'scalars.json'
    path.parent.mkdir(parents=True)
    path.write_text(''.join(json.dumps(line) + '\n' for line in lines))


def line(step, *values, **others):
    """A line of the log with the first of the six records."""
    return dict(zip(NAMES, values), loss=0.5, step=step, iter=step, **others)


def as_lists(run):
    return {key: (steps.tolist(), values.tolist()) for key, (steps, values) in run.items()}


@pytest.fixture
def work_dir(tmp_path):
    """Killed at 80, resumed from 50; the tail has no positive label in the record of 40."""
    killed = [line(20, 0.1, 0.2, 0.3, 0.4), line(40, 0.2, 0.3), line(60, 9.0, 9.0), line(80, 9.0, 9.0)]
    resumed = [line(70, 0.4, 0.5, 0.6), line(90, 0.5, 0.6, 0.7)]
    evaluation = {'long-tail/mAP_tail': 50.0, 'step': 1}
    write_log(tmp_path / 'run', '20220101_000000', killed)
    write_log(tmp_path / 'run', '20220102_000000', [evaluation, dict(loss=1.0, step=60), *resumed])
    write_log(tmp_path / 'run', '20220103_000000', [evaluation])  # of a later test
    return tmp_path / 'run'


def test_a_resumed_run_is_one_curve(work_dir):
    """What the killed run had recorded after the later part's first record is gone; before that it stays."""
    read = curves.read_curves(work_dir)
    assert read.keys() == {''}
    assert as_lists(read['']) == {
        ('pos', 'head'): ([20, 40, 60, 70, 90], [0.1, 0.2, 9.0, 0.4, 0.5]),
        ('pos', 'medium'): ([20, 40, 60, 70, 90], [0.2, 0.3, 9.0, 0.5, 0.6]),
        ('pos', 'tail'): ([20, 70, 90], [0.3, 0.6, 0.7]),
        ('neg', 'head'): ([20], [0.4]),
    }


def test_a_run_begun_anew_in_the_same_folder_replaces_the_old_one(work_dir):
    write_log(work_dir, '20220104_000000', [line(20, 0.9)])
    assert as_lists(curves.read_curves(work_dir)['']) == {('pos', 'head'): ([20], [0.9])}


def test_losses_are_kept_apart(tmp_path):
    lines = [
        {'p_pos_head_0': 0.1, 'train/p_pos_head_1': 0.2, 'p_pos_headline': 3, 'mp_pos_head': 4, 'step': 20}
    ]
    write_log(tmp_path, '20220101_000000', lines)
    read = {loss: as_lists(run) for loss, run in curves.read_curves(tmp_path).items()}
    assert read == {'0': {('pos', 'head'): ([20], [0.1])}, '1': {('pos', 'head'): ([20], [0.2])}}


def test_a_run_without_records_says_what_to_do(tmp_path):
    write_log(tmp_path, '20220101_000000', [dict(loss=1.0, step=20)])
    with pytest.raises(
        ValueError, match="add label_probability=dict.type='LabelProbabilityHook'. to the default_hooks"
    ):
        curves.read_curves(tmp_path)


def test_records_of_a_real_run(tiny_config, tmp_path):
    cfg = tiny_config
    hook = dict(type='LabelProbabilityHook', interval=2, groups=dict(edges=(3, 7)))
    cfg.update(
        work_dir=str(tmp_path / 'real'),
        experiment_name='real-curves',
        custom_hooks=[dict(type='ClassStatisticsHook'), hook],
        default_hooks=dict(logger=dict(type='LoggerHook', interval=2)),
    )
    Runner.from_cfg(cfg).train()
    (run,) = curves.read_curves(tmp_path / 'real').values()
    assert run.keys() == {(sign, group) for sign in curves.SIGNS for group in ('head', 'medium', 'tail')}
    steps, values = run['neg', 'tail']
    assert steps.tolist() == [2, 4, 6, 8]
    assert ((0 < values) & (values < 1)).all() and np.ptp(values) > 0


def make_run(seed, groups=('head', 'medium', 'tail')):
    rng = np.random.default_rng(seed)
    steps = np.arange(20, 120, 20)
    return {(sign, group): (steps, rng.random(5)) for sign in ('pos', 'neg') for group in groups}


def drawn(ax):
    """``{(color, style): points}`` of a panel."""
    return {(line.get_color(), line.get_linestyle()): line.get_xydata() for line in ax.lines}


def legend(figure):
    (box,) = figure.legends
    return {
        text.get_text(): (handle.get_color(), handle.get_linestyle())
        for text, handle in zip(box.get_texts(), box.get_lines())
    }


@pytest.mark.parametrize('number', [1, 4, 5])
def test_a_panel_per_run(number):
    runs = {f'run {i}': make_run(i) for i in range(number)}
    figure = curves.curves_figure(runs)
    assert [ax.get_title(loc='left') for ax in figure.axes] == list(runs)
    styles = legend(figure)
    assert styles['head $p^+$'] == ('tab:red', '-') and styles['tail $p^-$'] == ('tab:blue', ':')
    for ax, run in zip(figure.axes, runs.values()):
        lines = drawn(ax)
        assert len(lines) == 6 and ax.get_ylim() == (0, 1)
        for (sign, group), points in run.items():
            symbol = {'pos': '$p^+$', 'neg': '$p^-$'}[sign]
            np.testing.assert_array_equal(lines[styles[f'{group} {symbol}']], np.stack(points, 1))


def test_runs_in_two_panels():
    runs = {'a': make_run(0), 'b': make_run(1, groups=('tail',)), 'c': make_run(2)}
    figure = curves.comparison_figure(runs)
    assert [ax.get_title(loc='left') for ax in figure.axes] == ['$p^+$', '$p^-$']
    styles = legend(figure)
    assert len({styles[name][1] for name in runs}) == 3
    for ax, sign in zip(figure.axes, ('pos', 'neg')):
        lines = drawn(ax)
        assert len(lines) == 3 + 1 + 3
        for name, run in runs.items():
            for group in {group for _, group in run}:
                points = np.stack(run[sign, group], 1)
                np.testing.assert_array_equal(lines[styles[group][0], styles[name][1]], points)


@pytest.mark.parametrize(
    ('window', 'expected'), [(1, [1, 2, 6, 0]), (3, [1, 1.5, 3, 8 / 3]), (9, [1, 1.5, 3, 2.25])]
)
def test_smoothing_by_hand(window, expected):
    run = {('pos', 'head'): (np.arange(4), np.array([1.0, 2.0, 6.0, 0.0]))}
    for figure in (curves.curves_figure, curves.comparison_figure):
        (points,) = drawn(figure({'a': run}, window).axes[0]).values()
        np.testing.assert_allclose(points, np.stack([np.arange(4), expected], 1))


@pytest.mark.parametrize('figure', [curves.curves_figure, curves.comparison_figure])
def test_what_cannot_be_drawn(figure):
    with pytest.raises(ValueError, match='run'):
        figure({})
    with pytest.raises(ValueError, match='smooth must be .* >= 1, got 0'):
        figure({'a': make_run(0)}, smooth=0)
    with pytest.raises(ValueError, match='line styles for 1 to 4 runs, got 5'):
        curves.comparison_figure({str(i): make_run(i) for i in range(5)})

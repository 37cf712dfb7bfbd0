"""The bar's text, who sees it, and that it leaves a terminal clean."""

import io
import logging
import sys
from types import SimpleNamespace

import pytest

from mmlongtail.engine.hooks.progress_bar_hook import CLEAR, ProgressBarHook, progress_line


class Terminal(io.StringIO):
    """A stream that a person watches."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        (('test', 5, 10, 3725, 45), 'test [' + 10 * '=' + '>' + 9 * ' ' + '] 5/10  eta 1:02:05'),
        (('test', 10, 10, 0, 45), 'test [' + 19 * '=' + '] 10/10  eta 0:00:00'),
        (('test', 10, 10, 0, 200), 'test [' + 40 * '=' + '] 10/10  eta 0:00:00'),
        (('train epoch 1/8', 1, 1000, 90000, 50), 'train epoch 1/8 [>    ] 1/1000  eta 1 day, 1:00:00'),
        (('train epoch 1/8', 1, 1000, 0.4, 20), 'train epoch 1/8 1/10'),
    ],
)
def test_progress_line(arguments, expected):
    line = progress_line(*arguments)
    assert line == expected
    assert len(line) <= arguments[-1]


@pytest.fixture
def runner():
    logger = logging.Logger('progress')
    logger.addHandler(logging.StreamHandler(sys.stderr))
    loader = range(4)
    return SimpleNamespace(
        logger=logger,
        iter=0,
        epoch=0,
        max_epochs=2,
        max_iters=8,
        val_dataloader=loader,
        test_dataloader=loader,
    )


def watch(monkeypatch, stream) -> io.StringIO:
    monkeypatch.setattr(sys, 'stderr', stream)
    return stream


def test_it_counts_from_where_a_resumed_run_goes_on(monkeypatch, runner):
    terminal = watch(monkeypatch, Terminal())
    clock = iter([100.0, 110.0, 120.0, 130.0])
    monkeypatch.setattr('time.perf_counter', lambda: next(clock))
    hook = ProgressBarHook(interval=0)
    hook.before_run(runner)
    runner.iter = 4
    hook.before_train(runner)  # at 100 s
    for runner.iter, left in ((4, '0:00:30'), (5, '0:00:20'), (6, '0:00:10')):
        hook.after_train_iter(runner, 0)
        line = terminal.getvalue().rsplit(CLEAR, 1)[-1]
        assert line.startswith('train epoch 1/2 [')
        assert line.endswith(f'] {runner.iter + 1}/8  eta {left}\r')


def test_it_draws_no_more_often_than_the_interval(monkeypatch, runner):
    terminal = watch(monkeypatch, Terminal())
    hook = ProgressBarHook(interval=60)
    hook.before_run(runner)
    hook.before_test_epoch(runner)
    for i in range(4):
        hook.after_test_iter(runner, i)
    assert terminal.getvalue().count('test [') == 1


def test_log_lines_and_ends_wipe_it(monkeypatch, runner):
    terminal = watch(monkeypatch, Terminal())
    runner.logger.handlers[0].setStream(terminal)
    hook = ProgressBarHook(interval=0)
    hook.before_run(runner)
    hook.before_val_epoch(runner)
    hook.after_val_iter(runner, 0)
    runner.logger.warning('a line')
    runner.logger.warning('another')
    bar, rest = terminal.getvalue().removeprefix(CLEAR).split(CLEAR)
    assert bar.startswith('validate [')
    assert rest == 'a line\nanother\n'
    for end in (hook.after_val_epoch, hook.after_run):
        hook.after_val_iter(runner, 1)
        end(runner)
        assert terminal.getvalue().endswith(CLEAR)


def test_nothing_is_written_where_nobody_watches(monkeypatch, runner):
    stream = watch(monkeypatch, io.StringIO())
    hook = ProgressBarHook(interval=0)
    hook.before_run(runner)
    hook.before_train(runner)
    hook.after_train_iter(runner, 0)
    hook.after_run(runner)
    assert stream.getvalue() == ''
    assert not runner.logger.handlers[0].filters


def test_only_the_main_process_draws(monkeypatch, runner):
    terminal = watch(monkeypatch, Terminal())
    monkeypatch.setattr('mmlongtail.engine.hooks.progress_bar_hook.is_main_process', lambda: False)
    hook = ProgressBarHook(interval=0)
    hook.before_run(runner)
    hook.before_test_epoch(runner)
    hook.after_test_iter(runner, 0)
    assert terminal.getvalue() == ''


def test_a_negative_interval_is_refused():
    with pytest.raises(ValueError, match='interval is -1, expected a finite number >= 0'):
        ProgressBarHook(interval=-1)

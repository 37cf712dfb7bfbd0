"""The common table reads the figures that the benchmarks print, and knows which are beyond their limits."""

import re
import runpy
from pathlib import Path

import pytest

ALL = Path(__file__).resolve().parents[3] / 'tools' / 'benchmarks' / 'all.py'
PRINTED = {
    'picture_pipeline': 'training    671    0.44   0.34   goal: x 0.8\nload, cached  7,567   4.75   3.67   goal: x 2\n'
    'training, cached   1,059     0.82      0.61\n',
    'metric_speed': '5000x80   ours   0.1  1.0x\n5000x80           scikit-learn     0.5       5.2x\n',
    'collaborative_step': 'collaborative / sum of its parts   0.970   target: at most 1.05\n'
    'four forwards / collaborative      1.780     target: at least 1.4\n',
}


@pytest.fixture(scope='module')
def tool():
    return runpy.run_path(str(ALL))


@pytest.mark.parametrize(
    'name, values',
    [
        ('picture_pipeline', ['0.44 | ≥ 0.8 missed', '0.82 | ', '3.67 | ≥ 2 ']),
        ('metric_speed', ['5.2 | ≥ 5 ']),
        ('collaborative_step', ['0.97 | ≤ 1.05 ', '1.78 | ≥ 1.4 ']),
    ],
)
def test_rows(tool, name, values):
    rows = [figure.row(PRINTED[name], 'a') for figure in tool['BENCHMARKS'][name][1]]
    assert all(value in row for value, row in zip(values, rows, strict=True)), rows


def test_benchmarks_are_there_and_unknown_ones_refused(tool, capsys):
    assert all((ALL.parent / f'{name}.py').is_file() for name in tool['BENCHMARKS'])
    assert all(
        re.compile(f.pattern).groups == 1 for _, figures in tool['BENCHMARKS'].values() for f in figures
    )
    with pytest.raises(SystemExit):
        tool['main'](['nothing'])
    assert 'nothing: expected one of picture_pipeline' in capsys.readouterr().err

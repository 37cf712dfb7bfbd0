"""The tool on records written by hand."""

import json
import runpy
from pathlib import Path

import pytest

from mmlongtail.structures import MULTI_LABEL

TOOL = Path(__file__).parents[3] / 'tools' / 'analysis' / 'probability_curves.py'
SIGNS = ('pos', 'neg')


def write_log(folder, lines):
    path = folder / '20220101_000000' / 'vis_data' / 'scalars.json'
    path.parent.mkdir(parents=True)
    path.write_text(''.join(json.dumps(line) + '\n' for line in lines))


@pytest.fixture
def run(tmp_path):
    write_log(tmp_path / 'run', [dict(p_pos_head=step / 100, step=step) for step in (20, 40)])
    return tmp_path / 'run'


@pytest.fixture
def draw(call):
    return lambda *arguments: call('probability_curves.py', *arguments)


def test_the_tool_draws(draw, run, tmp_path, capsys):
    two = {f'p_{sign}_{group}_{i}': 0.5 for sign in SIGNS for group in MULTI_LABEL.names for i in (0, 1)}
    write_log(tmp_path / 'two', [two | dict(step=1)])
    for layout in ('panels', 'comparison'):
        out = tmp_path / 'new' / f'{layout}.png'
        options = ['--names', 'A', 'B', '--smooth', 2, '--out', out]
        draw(run, tmp_path / 'two', '--layout', layout, *options)
        assert out.read_bytes()[:4] == b'\x89PNG'
        assert capsys.readouterr().out == f'{out} written\n'
    draw('--layout', 'gradients', '--out', tmp_path / 'fig2.png')
    assert (tmp_path / 'fig2.png').read_bytes()[:4] == b'\x89PNG'
    read = runpy.run_path(str(TOOL))['read_runs']
    assert list(read([run, tmp_path / 'two'], None)) == ['run', 'two, loss 0', 'two, loss 1']


def test_errors_of_the_tool_are_one_sentence(draw, run, tmp_path):
    with pytest.raises(SystemExit, match='nothing has no records .*LabelProbabilityHook'):
        draw(tmp_path / 'nothing', '--out', tmp_path / 'no.png')
    with pytest.raises(SystemExit, match=r'a name of its own for each of 2 runs \(--names\), got .*run'):
        draw(run, run, '--out', tmp_path / 'no.png')
    assert not (tmp_path / 'no.png').exists()

"""The tools of tools/analysis as a user calls them."""

import json
import runpy
import sys
from pathlib import Path

import pytest
import torch

from mmlongtail.analysis import results

TOOLS = Path(__file__).parents[2] / 'tools' / 'analysis'


@pytest.fixture
def call(monkeypatch):
    """Run a tool with these arguments."""

    def run(tool, *arguments):
        monkeypatch.setattr(sys, 'argv', [tool, *map(str, arguments)])
        runpy.run_path(str(TOOLS / tool), run_name='__main__')

    return run


def test_from_a_work_dir_to_a_checked_readme(call, finished_run, tmp_path, capsys):
    readme, table = tmp_path / 'README.md', tmp_path / 'results.csv'
    options = ['--method', 'LeNet', '--commit', 'abc1234', '--machine', 'a test', '--dataset', 'Noise']
    call('append_result.py', finished_run, table, *options)
    (row,) = results.read_rows(table)
    assert (row['method'], row['commit'], row['dataset'], row['seed']) == ('LeNet', 'abc1234', 'Noise', '7')
    assert f'total {row["total"]}' in capsys.readouterr().out
    with pytest.raises(SystemExit, match='has this run already'):
        call('append_result.py', finished_run, table, *options)

    readme.write_text('# Results\n<!-- results:Noise -->\n<!-- /results -->\n')
    with pytest.raises(SystemExit, match='README.md is out of date'):
        call('results_table.py', readme, '--check')
    assert 'LeNet' not in readme.read_text()
    call('results_table.py', readme)
    assert f'| LeNet | 1 | {row["total"]} |' in readme.read_text()
    call('results_table.py', readme, '--check')
    (tmp_path / 'paper.csv').write_text(','.join(results.PAPER_COLUMNS) + '\nLeNet,Noise,90.0,1,2,3\n')
    call('results_table.py', readme)
    assert '| 90.0 / 1 / 2 / 3 |' in readme.read_text()


def test_a_single_label_run_comes_into_a_table_the_same_way(
    call, finished_run, finished_single_label_run, tmp_path, capsys
):
    readme, table = tmp_path / 'README.md', tmp_path / 'results.csv'
    options = ['--commit', 'abc1234', '--machine', 'a test', '--dataset', 'Noise']
    call('append_result.py', finished_single_label_run, table, '--method', 'CE', *options)
    (row,) = results.read_rows(table)
    assert f'top1 {row["top1"]}, many , medium {row["medium"]}' in capsys.readouterr().out
    with pytest.raises(SystemExit, match='must have the columns .*total,head,medium,tail'):
        call('append_result.py', finished_run, table, '--method', 'LeNet', *options)
    (tmp_path / 'paper.csv').write_text('method,dataset,top1,many,medium,few\nCE,Noise,38.43,,,\n')
    readme.write_text('<!-- results:Noise -->\n<!-- /results -->\n')
    call('results_table.py', readme)
    assert f'| CE | 1 | {row["top1"]} | – | {row["medium"]} | {row["few"]} | 38.43 |' in readme.read_text()
    call('results_table.py', readme, '--check')


def test_errors_are_one_sentence(call, tmp_path):
    (tmp_path / 'README.md').write_text('no table')
    with pytest.raises(SystemExit, match='No such file'):
        call('results_table.py', tmp_path / 'README.md')
    with pytest.raises(SystemExit, match='must hold one dumped config'):
        call('append_result.py', tmp_path, tmp_path / 'results.csv')


def test_all_figures(call, tmp_path):
    counts = [300, 50, 3]
    statistics = dict(class_counts=counts, num_images=310, classes=['a', 'b', 'c'])
    statistics['cooccurrence'] = [[300, 40, 3], [40, 50, 0], [3, 0, 3]]
    parameters = ('mu_pos', 'mu_neg', 'sigma_pos', 'sigma_neg')
    state = {f'head.loss.classification.{i}.{name}': torch.rand(3) for i in range(2) for name in parameters}
    checkpoint = tmp_path / 'epoch_1.pth'
    torch.save(dict(state_dict=state, class_statistics=statistics), checkpoint)
    files = [tmp_path / 'uniform.json', tmp_path / 'rebalanced.json']
    for file in files:
        content = dict(classes=['a', 'b', 'c'], class_counts=counts, average_precision=[3.0, None, 2.0])
        file.write_text(json.dumps(content))
    table = tmp_path / 'results.csv'
    row = dict.fromkeys(results.COLUMNS, '1') | dict(dataset='VOC-LT', method='λ 0.2', total='50.0')
    results.append_row(table, row)
    results.append_row(table, row | dict(method='ours', total='51.0'))

    figures = {
        'increment': files,
        'compensation': [checkpoint, '--names', 'U', 'R'],
        'cooccurrence': [checkpoint],
        'lambda': [table, '--dataset', 'VOC-LT', '--also', 'ours=0.1'],
    }
    for name, arguments in figures.items():
        out = tmp_path / 'new' / f'{name}.png'
        call('collab_figures.py', name, *arguments, '-o', out)
        assert out.read_bytes()[:4] == b'\x89PNG'
    with pytest.raises(SystemExit, match='has 2 branches, but --names is'):
        call('collab_figures.py', 'compensation', checkpoint, '--names', 'U', '-o', tmp_path / 'no.png')
    with pytest.raises(SystemExit, match='need a baseline and something to compare'):
        call('collab_figures.py', 'increment', files[0], '-o', tmp_path / 'no.png')
    runs = [
        tmp_path / name / '20250101_000000' / 'per_class_ap.json' for name in ('erm', 'pg')
    ]  # the default's name
    for run in runs:
        run.parent.mkdir(parents=True)
        run.write_text(files[0].read_text())
    call('collab_figures.py', 'increment', *runs, '-o', tmp_path / 'new' / 'default.svg')
    assert 'pg over erm' in (tmp_path / 'new' / 'default.svg').read_text()
    with pytest.raises(
        SystemExit, match='a name of its own for each of 2 files by --names: got per_class_ap, per_'
    ):
        call('collab_figures.py', 'increment', runs[0], runs[0], '-o', tmp_path / 'no.png')

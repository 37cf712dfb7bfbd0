"""Runs come into a CSV, and from there into a table."""

import pytest

from mmlongtail.analysis import results


def test_a_run_comes_into_a_table_once(call, finished_run, tmp_path, capsys):
    table = tmp_path / 'results.csv'
    options = ['--method', 'LeNet', '--commit', 'abc1234', '--machine', 'a test', '--dataset', 'Noise']
    call('append_result.py', finished_run, table, *options)
    (row,) = results.read_rows(table)
    assert (row['method'], row['commit'], row['dataset'], row['seed']) == ('LeNet', 'abc1234', 'Noise', '7')
    assert f'total {row["total"]}' in capsys.readouterr().out
    with pytest.raises(SystemExit, match='has this run already'):
        call('append_result.py', finished_run, table, *options)


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
    with pytest.raises(SystemExit, match='must hold one dumped config'):
        call('append_result.py', tmp_path, tmp_path / 'results.csv')

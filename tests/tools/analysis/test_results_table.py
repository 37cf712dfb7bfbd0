"""A README is filled, checked, and told from one that is out of date."""

import pytest

from mmlongtail.analysis import results


def test_a_table_is_filled_and_checked(call, tmp_path, capsys):
    readme = tmp_path / 'README.md'
    row = dict.fromkeys(results.COLUMNS, '1') | dict(dataset='Noise', method='LeNet', total='50.0')
    results.append_row(tmp_path / 'results.csv', row)
    readme.write_text('# Results\n<!-- results:Noise -->\n<!-- /results -->\n')
    with pytest.raises(SystemExit, match='README.md is out of date'):
        call('results_table.py', readme, '--check')
    assert 'LeNet' not in readme.read_text()
    call('results_table.py', readme)
    assert '| LeNet | 1 | 50.00 | 1.00 | 1.00 | 1.00 |' in readme.read_text()
    assert capsys.readouterr().out == f'{readme} updated\n'
    call('results_table.py', readme, '--check')
    (tmp_path / 'paper.csv').write_text(','.join(results.PAPER_COLUMNS) + '\nLeNet,Noise,90.0,1,2,3\n')
    call('results_table.py', readme)
    assert '| 90.0 / 1 / 2 / 3 |' in readme.read_text()


def test_a_readme_without_results(call, tmp_path):
    (tmp_path / 'README.md').write_text('no table')
    with pytest.raises(SystemExit, match='No such file'):
        call('results_table.py', tmp_path / 'README.md')

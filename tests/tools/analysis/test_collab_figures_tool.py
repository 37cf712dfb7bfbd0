"""Every figure, from files written by hand."""

import json

import pytest
import torch

from mmlongtail.analysis import results


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

"""Reading checkpoints, per-class files and results as the runs write them."""

import json

import numpy as np
import pytest
import torch
from mmengine.runner import Runner
from mmpretrain.registry import MODELS

from mmlongtail.analysis import sources


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    """Two branches of eq. (6), saved as MMEngine saves a model."""
    loss = MODELS.build(
        dict(
            type='CollaborativeLoss',
            streams=[['uniform'], ['rebalanced']],
            classification=dict(type='CompensatedBCELoss', num_classes=3),
        )
    )
    for i, parameter in enumerate(loss.parameters()):
        torch.nn.init.constant_(parameter, i)
    model = torch.nn.ModuleDict(dict(head=torch.nn.ModuleDict(dict(loss_module=loss))))
    statistics = dict(class_counts=[9, 5, 2], num_images=12, classes=['a', 'b', 'c'], cooccurrence=None)
    path = tmp_path_factory.mktemp('checkpoint') / 'epoch_1.pth'
    torch.save(dict(state_dict=model.state_dict(), class_statistics=statistics), path)
    return path, loss


def test_compensation_of_each_branch(checkpoint):
    path, loss = checkpoint
    statistics, branches = sources.read_checkpoint(path)
    assert statistics.classes == ('a', 'b', 'c') and statistics.class_counts.tolist() == [9, 5, 2]
    assert len(branches) == 2
    for read, written in zip(branches, loss.classification):
        assert set(read) == {'mu_pos', 'mu_neg', 'sigma_pos', 'sigma_neg'}
        for name, values in read.items():
            assert values.tolist() == getattr(written, name).tolist()


def test_checkpoint_of_a_real_run(finished_run):
    statistics, branches = sources.read_checkpoint(finished_run / 'epoch_2.pth')
    assert statistics.class_counts.tolist() == [10, 6, 2] and branches == []


def test_checkpoint_without_statistics(tmp_path):
    torch.save(dict(state_dict={}), tmp_path / 'bare.pth')
    with pytest.raises(ValueError, match='bare.pth holds no class statistics'):
        sources.read_checkpoint(tmp_path / 'bare.pth')


def test_per_class_files_of_a_real_run(finished_run, tiny_config):
    """The dump of the last evaluation is what a second evaluation of the last checkpoint gives."""
    path = next(finished_run.glob('*/per_class_ap.json'))
    statistics, (values,) = sources.read_per_class([path])
    cfg = tiny_config
    cfg.update(load_from=str(finished_run / 'epoch_2.pth'), work_dir=str(finished_run / 'test'))
    cfg.experiment_name = 'finished-run-tested'
    runner = Runner.from_cfg(cfg)
    result = runner.test()
    np.testing.assert_allclose(runner.test_evaluator.metrics[0].report.per_class, values, atol=1e-6)
    assert result['long-tail/mAP'] == pytest.approx(values.mean(), abs=1e-6)
    assert statistics.class_counts.tolist() == [10, 6, 2]


def test_per_class_files_must_agree(tmp_path):
    def write(name, **changes):
        content = dict(classes=['a', 'b'], class_counts=[9, 2], average_precision=[50.0, None])
        (tmp_path / name).write_text(json.dumps({**content, **changes}))
        return tmp_path / name

    first = write('first.json')
    _, (values, _) = sources.read_per_class([first, write('same.json')])
    np.testing.assert_array_equal(values, [50, np.nan])
    with pytest.raises(ValueError, match='second.json and .*first.json differ in classes'):
        sources.read_per_class([first, write('second.json', classes=['b', 'a'])])
    with pytest.raises(ValueError, match='second.json knows no class counts'):
        sources.read_per_class([first, write('second.json', class_counts=None)])


@pytest.mark.parametrize(
    'content, message',
    [
        ('[1', 'is no JSON file'),
        ('[]', r'holds \[\]: what dump_per_class writes is expected'),
        ('{"classes": ["a"]}', 'has no class_counts'),
        ('{"classes": 3, "class_counts": [1]}', 'classes=3: a list of names'),
        ('{"classes": ["a", 2], "class_counts": [1, 2]}', r"classes=\['a', 2\]: a list of names"),
        ('{"classes": ["a"], "class_counts": [1, 2]}', r'class_counts=\[1, 2\]: 1 whole numbers >= 0'),
        ('{"classes": ["a"], "class_counts": [-1]}', r'class_counts=\[-1\]: 1 whole numbers >= 0'),
        ('{"classes": ["a"], "class_counts": [null]}', r'class_counts=\[None\]: 1 whole numbers >= 0'),
        ('{"classes": ["a"], "class_counts": [2]}', 'has no average_precision'),
        (
            '{"classes": ["a"], "class_counts": [2], "average_precision": [NaN]}',
            r'=\[nan\]: 1 finite numbers or null',
        ),
        (
            '{"classes": ["a"], "class_counts": [2], "average_precision": ["9"]}',
            r"=\['9'\]: 1 finite numbers or null",
        ),
    ],
)
def test_what_is_no_per_class_file(tmp_path, content, message):
    (tmp_path / 's.json').write_text(content)
    with pytest.raises(ValueError, match=rf's\.json.*{message}'):
        sources.read_per_class([tmp_path / 's.json'])
    with pytest.raises(FileNotFoundError, match=r'none\.json is missing'):
        sources.read_per_class([tmp_path / 'none.json'])


@pytest.mark.parametrize(
    'paths, names',
    [
        (['a.json', 'x/b.json'], ['a', 'b']),
        (['w/erm/20250101_000000/p.json', 'w/pg/20250102_030405/p.json'], ['erm', 'pg']),
        (
            ['w/pg/20250101_000000/p.json', 'w/pg/20250102_030405/p.json'],
            ['20250101_000000', '20250102_030405'],
        ),
        (['w/pg/20250101_000000/p.json', 'w/erm/p.json', 'w/erm/q.json'], ['pg/p', 'erm/p', 'erm/q']),
        (['p.json', 'w/p.json'], ['p', 'w']),
        (['p.json', 'p.json'], ['p', 'p']),
    ],
)
def test_names_that_tell_files_apart(paths, names):
    assert sources.names_of(paths) == names


def test_totals_by_weight():
    def row(method, config, total):
        return dict(method=method, config=config, total=total)

    rows = [
        row('collaborative', 'voc_lt.py', '50.0'),
        row('collaborative', 'voc_lt.py', '51.0'),
        row('λ 0.2', 'a.py', '52.0'),
        row('x', 'voc_lt_lambda_0_05.py', '53.0'),
        row('y', 'voc_lt_lambda_1.py', '54.0'),
        row('ERM', 'voc_lt_erm.py', '40.0'),
    ]
    totals = sources.totals_by_weight(rows, {'collaborative': 0.1})
    assert totals == {0.1: [50.0, 51.0], 0.2: [52.0], 0.05: [53.0], 1.0: [54.0]}
    with pytest.raises(ValueError, match='no result names its lambda'):
        sources.totals_by_weight(rows[-1:], {})

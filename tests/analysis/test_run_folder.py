"""What a run's folder says is what its files say."""

import json
import shutil

import numpy as np
import pytest
from mmengine.config import Config

from mmlongtail.analysis.run_folder import COMMIT, read_run_folder, read_runs, usual_metric
from mmlongtail.structures import ClassStatistics


def test_a_run(finished_run):
    run = read_run_folder(finished_run)
    lines = [
        json.loads(line)
        for path in finished_run.glob('*/vis_data/scalars.json')
        for line in path.read_text().splitlines()
    ]
    last = [line for line in lines if 'long-tail/mAP' in line][-1]
    dump = max(finished_run.rglob('per_class_ap.json'))  # other tests may have tested this run, too
    assert run.means['total'] == last['long-tail/mAP'] and run.means['tail'] == last['long-tail/mAP_tail']
    assert [record['step'] for record in run.evaluations] == [1, 2]
    assert [record['loss'] for record in run.training] == [line['loss'] for line in lines if 'loss' in line]
    np.testing.assert_allclose(run.report.per_class, json.loads(dump.read_text())['average_precision'])
    assert run.source == str(dump.relative_to(finished_run))
    assert run.report.groups.edges == (3, 7)  # its config's
    assert run.facts['seed'] == '7' and run.facts['PyTorch'].startswith('2.')
    assert run.facts['train data'] == 'MultiLabelDataset, labels.json' and run.branches == []
    assert run.statistics.cooccurrence is not None


def test_one_label(finished_single_label_run):
    run = read_run_folder(finished_single_label_run)
    assert run.report.score == 'accuracy' and set(run.means) <= {'total', 'many', 'medium', 'few'}
    assert run.means['total'] == run.evaluations[-1]['top1']
    assert not run.source and np.isnan(run.report.per_class).all()
    known = run.with_scores(np.array([50.0, 0.0, 100.0]), 'here')
    assert known.report.per_class.tolist() == [50, 0, 100] and known.source == 'here'


def test_a_resumed_run_replaces_what_it_repeats(finished_run, tmp_path):
    folder = tmp_path / 'run'
    shutil.copytree(finished_run, folder)
    later = folder / '99990101_000000' / 'vis_data'
    later.mkdir(parents=True)
    records = [dict(loss=9.0, step=2), {'long-tail/mAP': 77.0, 'step': 2}]
    (later / 'scalars.json').write_text('\n'.join(map(json.dumps, records)))
    run = read_run_folder(folder)
    assert run.training[-1] == records[0] and run.means == {'total': 77.0}
    assert [record['step'] for record in run.evaluations] == [1, 2]


def test_the_commit_ends_the_version():
    commit = '0f04a5131803a8c96322fa3b03f88b3ae4c06d51'
    assert COMMIT.fullmatch(f'0.10.7{commit}').groups() == ('0.10.7', commit)
    assert COMMIT.fullmatch('0.10.7') is None


def test_what_is_no_run_is_named(finished_run, finished_single_label_run, tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere is no folder'):
        read_run_folder(tmp_path / 'nowhere')
    with pytest.raises(FileNotFoundError, match='has no checkpoint'):
        read_run_folder(tmp_path)
    with pytest.raises(ValueError, match='nothing to compare'):
        read_runs([finished_run, finished_single_label_run])


def test_the_metric_is_the_configs_or_the_usual_one():
    many, one = ClassStatistics(np.array([3, 2]), 4), ClassStatistics(np.array([3, 2]), 5)
    inner = dict(type='LongTailMultiLabelMetric', groups=dict(edges=(2, 3)))
    cfg = Config(dict(test_evaluator=[dict(type='Accuracy'), dict(type='PerExpertMetric', metric=inner)]))
    assert usual_metric(cfg, one).groups.edges == (2, 3)
    assert usual_metric(Config(), many).score == 'AP' and usual_metric(Config(), one).score == 'accuracy'
    for wrong in (dict(type='LongTailMultiLabelMetric', old=1), dict(type='NoMetric')):
        with pytest.raises(ValueError, match='test_evaluator of the config cannot be built'):
            usual_metric(Config(dict(test_evaluator=wrong)), one)

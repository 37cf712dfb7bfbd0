"""The metric as a run uses it: registered, fed sample by sample, over one process and two."""

import json
import pickle

import numpy as np
import pytest
import torch
import torch.distributed
from mmengine.dataset import DefaultSampler
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmpretrain.models import AverageClsScoreTTA
from mmpretrain.registry import METRICS
from mmpretrain.structures import DataSample
from sklearn.metrics import average_precision_score, f1_score

from mmlongtail.structures import ClassStatistics

COUNTS = [500, 100, 99, 20, 19, 3]
NAMES = ('person', 'dog', 'sofa', 'bus', 'cow', 'plant')


def make_samples(num_images=40, num_classes=6, seed=0):
    """Rounded scores, so that there are ties; every class has positives, some image has none."""
    rng = np.random.default_rng(seed)
    scores = np.round(rng.random((num_images, num_classes)), 1).astype(np.float32)
    targets = rng.random((num_images, num_classes)) < 0.3
    targets[0], targets[1] = True, False
    samples = [
        DataSample().set_pred_score(torch.tensor(s)).set_gt_label(np.flatnonzero(t))
        for s, t in zip(scores, targets)
    ]
    return samples, scores, targets


def build(**options):
    return METRICS.build(dict(type='LongTailMultiLabelMetric', **options))


def evaluate(samples, **options):
    metric = build(**options)
    metric.process(None, samples)
    return metric.evaluate(len(samples)), metric


@pytest.fixture
def log_of(tmp_path):
    """What the run's log file says."""
    logger = MMLogger.get_instance(f'metric-{tmp_path.name}', log_file=str(tmp_path / 'run.log'))
    yield (tmp_path / 'run.log').read_text
    MMLogger._instance_dict.pop(logger.instance_name)


def test_keys_and_values_against_sklearn():
    samples, scores, targets = make_samples()
    result, _ = evaluate(samples, class_counts=COUNTS)
    ap = np.array([100 * average_precision_score(targets[:, k], scores[:, k]) for k in range(6)])
    assert result == pytest.approx(
        {
            'long-tail/mAP': ap.mean(),
            'long-tail/mAP_head': ap[:2].mean(),
            'long-tail/mAP_medium': ap[2:4].mean(),
            'long-tail/mAP_tail': ap[4:].mean(),
        },
        abs=1e-6,
    )


def test_data_samples_dicts_and_gt_score_are_the_same():
    samples, _, targets = make_samples()
    expected, _ = evaluate(samples, class_counts=COUNTS)
    evaluator = Evaluator(dict(type='mmpretrain.LongTailMultiLabelMetric', class_counts=COUNTS))
    evaluator.process(samples)  # hands dicts on
    assert evaluator.evaluate(len(samples)) == expected
    for sample, target in zip(samples, targets):
        sample.set_gt_score(torch.tensor(target).float())
        del sample.gt_label
    assert evaluate(samples, class_counts=COUNTS)[0] == expected


def test_pushed_statistics_group_the_classes_and_a_given_list_wins():
    samples, _, _ = make_samples()
    expected, _ = evaluate(samples, class_counts=COUNTS)
    pushed, fixed = build(), build(class_counts=COUNTS)
    pushed.set_class_statistics(ClassStatistics(np.array(COUNTS), 600, NAMES))
    fixed.set_class_statistics(ClassStatistics(np.array(COUNTS[::-1]), 600, NAMES))
    for metric in (pushed, fixed):
        metric.process(None, samples)
        assert metric.evaluate(len(samples)) == expected
        assert metric.report.classes == NAMES


def test_scores_averaged_by_tta():
    samples, scores, _ = make_samples()
    flipped = [sample.clone().set_pred_score(sample.pred_score.flip(0)) for sample in samples]
    model = torch.nn.Identity()
    model.test_step = model.forward  # the wrapper asks for one
    averaged = AverageClsScoreTTA(model).merge_preds(list(zip(samples, flipped)))
    by_hand = [
        sample.clone().set_pred_score(torch.tensor((s + s[::-1]) / 2)) for sample, s in zip(samples, scores)
    ]
    result = evaluate(averaged, class_counts=COUNTS)[0]
    assert result == pytest.approx(evaluate(by_hand, class_counts=COUNTS)[0])
    assert result != evaluate(samples, class_counts=COUNTS)[0]


def test_bfloat16_scores_are_taken_as_they_are():
    samples, scores, targets = make_samples()
    for sample in samples:
        sample.set_pred_score(sample.pred_score.bfloat16())
    rounded = torch.tensor(scores).bfloat16().double().numpy()
    expected = 100 * average_precision_score(targets, rounded, average='macro')
    assert evaluate(samples)[0]['long-tail/mAP'] == pytest.approx(expected, abs=1e-6)


def test_without_class_counts_one_warning_says_how_to_get_the_groups(log_of):
    samples, _, _ = make_samples()
    result, metric = evaluate(samples)
    assert set(result) == {'long-tail/mAP'}
    metric.process(None, samples)
    metric.evaluate(len(samples))
    text = log_of()
    assert text.count('knows no class counts') == 1
    assert 'ClassStatisticsHook' in text and 'class_counts=[...]' in text


def test_classes_without_positives_are_named_and_an_empty_group_has_no_key(log_of):
    samples = [
        DataSample().set_pred_score(torch.rand(6)).set_gt_label([i % 3]) for i in range(9)
    ]  # bus, cow and plant never show
    metric = build(class_counts=COUNTS)
    metric.dataset_meta = dict(classes=NAMES)
    metric.process(None, samples)
    result = metric.evaluate(9)
    assert 'long-tail/mAP_tail' not in result and not np.isnan(list(result.values())).any()
    assert 'left out of all means: bus, cow, plant' in log_of()
    assert 'no class with test positives in tail' in log_of()


def test_the_table_is_logged_at_each_evaluation(log_of):
    samples, _, _ = make_samples()
    _, metric = evaluate(samples, class_counts=COUNTS)
    metric.process(None, samples)
    metric.evaluate(len(samples))
    assert log_of().count(str(metric.report)) == 2


def test_options_add_keys():
    samples, scores, targets = make_samples()
    result, metric = evaluate(samples, class_counts=COUNTS, per_class=True, f_scores=True, prefix='voc')
    added = {'voc/CF1', 'voc/OF1', 'voc/macro_F1', *(f'voc/AP_{k}' for k in range(6))}
    assert added <= set(result) and result['voc/AP_2'] == metric.report.per_class[2]
    strict = evaluate(samples, f_scores=True, threshold=2.0)[0]
    assert strict['long-tail/OF1'] == 0
    assert result['voc/OF1'] == pytest.approx(100 * f1_score(targets, scores >= 0.5, average='micro'))


def test_where_results_are_collected_is_passed_on():
    assert build().collect_device == 'cpu' and build(collect_device='gpu').collect_device == 'gpu'
    assert build(collect_dir='there').collect_dir == 'there'


def test_edges_move_the_groups():
    samples, _, _ = make_samples()
    _, metric = evaluate(
        samples, class_counts=COUNTS, groups=dict(edges=(3, 99), head_inclusive=False, tail_inclusive=True)
    )
    assert metric.groups.assign(metric.report.class_counts).tolist() == [0, 0, 1, 1, 1, 2]


@pytest.mark.parametrize('where', ['given', 'log'])
def test_per_class_dump(tmp_path, log_of, where):
    samples = [DataSample().set_pred_score(torch.rand(6)).set_gt_label([i % 5]) for i in range(9)]
    path = tmp_path / 'new' / 'ap.json' if where == 'given' else tmp_path / 'per_class_ap.json'
    _, metric = evaluate(samples, class_counts=COUNTS, dump_per_class=str(path) if where == 'given' else True)
    content = json.loads(path.read_text())
    assert content['class_counts'] == COUNTS and content['classes'] == list('012345')
    assert content['average_precision'][5] is None
    assert content['average_precision'][:5] == pytest.approx(metric.report.per_class[:5], abs=1e-6)


def test_kept_results_are_no_views_of_the_batch():
    batch = torch.rand(64, 6)
    metric = build()
    metric.process(
        None, [DataSample().set_pred_score(row).set_gt_score((row > 0.5).float()) for row in batch]
    )
    assert len(pickle.dumps(metric.results[0])) < batch.numel() * 4
    batch.zero_()
    assert metric.results[0][0].any()


def run_rank(rank):
    samples, _, _ = make_samples(num_images=7)
    mine = [samples[i] for i in DefaultSampler(samples, shuffle=False)]
    metric = build(class_counts=COUNTS)
    for first in range(0, len(mine), 3):
        metric.process(None, mine[first : first + 3])
    return len(mine), metric.evaluate(len(samples))


def test_two_processes_with_a_padded_last_batch_equal_one(two_ranks):
    samples, _, _ = make_samples(num_images=7)
    expected, _ = evaluate(samples, class_counts=COUNTS)
    assert evaluate([*samples, samples[0]], class_counts=COUNTS)[0] != expected  # the padding would show
    assert two_ranks(run_rank) == [(4, pytest.approx(expected))] * 2


@pytest.mark.parametrize(
    'change, message',
    [
        (lambda s: s.pop('pred_score'), r"must have pred_score .* has only \['gt_label'"),
        (lambda s: s.pop('gt_label'), r'gt_score or gt_label, but has only .*pred_score'),
        (lambda s: s.set_pred_score(torch.full((6,), float('nan'))), 'NaN in 1 of 40 images'),
    ],
)
def test_bad_samples_are_named(change, message):
    samples, _, _ = make_samples()
    change(samples[3])
    with pytest.raises(ValueError, match=message):
        evaluate(samples)


def test_disagreeing_classes_are_named():
    samples, _, _ = make_samples()
    with pytest.raises(ValueError, match='class_counts has 2 entries, but the scores are for 6 classes'):
        evaluate(samples, class_counts=[5, 3])
    metric = build()
    metric.set_class_statistics(ClassStatistics(np.array(COUNTS), 600, NAMES))
    metric.dataset_meta = dict(classes=NAMES[::-1])
    metric.process(None, samples)
    with pytest.raises(ValueError, match='same ones in the same order'):
        metric.evaluate(len(samples))


def test_bad_edges_and_an_empty_test_set():
    with pytest.raises(ValueError, match='edges is .*ascending'):
        build(groups=dict(edges=(100, 20)))
    with pytest.raises(ValueError, match='no data samples'):
        build().evaluate(0)

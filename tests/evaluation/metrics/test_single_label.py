"""The metric as a run uses it, against scikit-learn and loops: registered, over one process and two."""

import json

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
from sklearn.metrics import balanced_accuracy_score, top_k_accuracy_score

from mmlongtail.structures import ClassStatistics

COUNTS = [500, 101, 100, 60, 20, 19, 3]
GROUPS = dict(many=[0, 1], medium=[2, 3, 4], few=[5, 6])
NAMES = ('plane', 'car', 'bird', 'cat', 'deer', 'dog', 'frog')


def make_samples(num_images=140, num_classes=7, seed=0):
    """An unbalanced test set and rounded probabilities, so that many are equal."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(num_classes, num_images, p=np.arange(1, num_classes + 1) / 28)
    labels[:num_classes] = np.arange(num_classes)
    scores = rng.random((num_images, num_classes))
    scores[np.arange(num_images), labels] += 0.4
    scores = np.round(scores / scores.sum(1, keepdims=True), 1).astype(np.float32)
    samples = [
        DataSample().set_pred_score(torch.tensor(s)).set_gt_label(int(k)) for s, k in zip(scores, labels)
    ]
    return samples, scores, labels


def build(**options):
    return METRICS.build(dict(type='LongTailSingleLabelMetric', **options))


def evaluate(samples, batch=32, **options):
    metric = build(**options)
    for first in range(0, len(samples), batch):
        metric.process(None, samples[first : first + batch])
    return metric.evaluate(len(samples)), metric


def top_k(scores, labels, k):
    """scikit-learn's lets the higher index win among equal scores: so with the classes reversed."""
    last = scores.shape[1] - 1
    return 100 * top_k_accuracy_score(last - labels, scores[:, ::-1], k=k, labels=np.arange(last + 1))


def naive_ece(scores, labels, num_bins=15):
    error = 0.0
    for b in range(num_bins):
        bin_ = [i for i, s in enumerate(scores.max(1)) if b / num_bins < s <= (b + 1) / num_bins]
        error += abs(sum((scores[i].argmax() == labels[i]) - float(scores[i].max()) for i in bin_))
    return 100 * error / len(labels)


@pytest.fixture
def log_of(tmp_path):
    """What the run's log file says."""
    logger = MMLogger.get_instance(f'single-{tmp_path.name}', log_file=str(tmp_path / 'run.log'))
    yield (tmp_path / 'run.log').read_text
    MMLogger._instance_dict.pop(logger.instance_name)


def test_keys_and_values_against_sklearn():
    samples, scores, labels = make_samples()
    result, metric = evaluate(samples, class_counts=COUNTS)
    predicted = scores.argmax(1)
    recall = np.array([100 * (predicted[labels == k] == k).mean() for k in range(7)])
    assert (np.sort(scores, axis=1)[:, -1] == np.sort(scores, axis=1)[:, -2]).sum() > 20  # ties are tested
    assert result == pytest.approx(
        {
            'long-tail/top1': top_k(scores, labels, 1),
            'long-tail/top5': top_k(scores, labels, 5),
            **{f'long-tail/top1_{name}': recall[members].mean() for name, members in GROUPS.items()},
            'long-tail/balanced_accuracy': 100 * balanced_accuracy_score(labels, predicted),
            'long-tail/ece': naive_ece(scores, labels),
        },
        abs=1e-9,
    )
    assert metric.report.per_class == pytest.approx(recall)
    assert result['long-tail/top1'] == pytest.approx(100 * (predicted == labels).mean())
    assert abs(result['long-tail/top1'] - result['long-tail/balanced_accuracy']) > 0.1


@pytest.mark.parametrize('topk', [2, (1, 3, 6)])
def test_any_top_k(topk):
    samples, scores, labels = make_samples(seed=1)
    result, _ = evaluate(samples, topk=topk)
    for k in (topk,) if isinstance(topk, int) else topk:
        assert result[f'long-tail/top{k}'] == pytest.approx(top_k(scores, labels, k))
    assert sum(key.startswith('long-tail/top') for key in result) == np.size(topk)


def test_top_k_of_all_classes_says_nothing_and_is_left_out():
    samples = [DataSample().set_pred_score(torch.tensor([0.5, 0.3, 0.2])).set_gt_label(k) for k in range(3)]
    result, _ = evaluate(samples, topk=(1, 2, 3, 5))
    assert result['long-tail/top1'] == pytest.approx(100 / 3)
    assert result['long-tail/top2'] == pytest.approx(200 / 3)
    assert {key for key in result if 'top' in key.split('/')[1]} == {'long-tail/top1', 'long-tail/top2'}


def test_dicts_pushed_statistics_and_a_given_list_that_wins():
    samples, _, _ = make_samples()
    expected, _ = evaluate(samples, class_counts=COUNTS)
    evaluator = Evaluator(dict(type='mmpretrain.LongTailSingleLabelMetric', class_counts=COUNTS))
    evaluator.process(samples)  # hands dicts on
    assert evaluator.evaluate(len(samples)) == expected
    pushed, fixed = build(), build(class_counts=COUNTS)
    pushed.set_class_statistics(ClassStatistics(np.array(COUNTS), 803, NAMES))
    fixed.set_class_statistics(ClassStatistics(np.array(COUNTS[::-1]), 803, NAMES))
    for metric in (pushed, fixed):
        metric.process(None, samples)
        assert metric.evaluate(len(samples)) == expected
        assert metric.report.classes == NAMES


def test_the_score_counts_and_not_the_label_as_after_tta():
    samples, scores, _ = make_samples()
    flipped = [sample.clone().set_pred_score(sample.pred_score.flip(0)) for sample in samples]
    for sample in samples:
        sample.set_pred_label(0)
    model = torch.nn.Identity()
    model.test_step = model.forward  # the wrapper asks for one
    averaged = AverageClsScoreTTA(model).merge_preds(list(zip(samples, flipped)))
    by_hand = [
        sample.clone().set_pred_score(torch.tensor((s + s[::-1]) / 2)) for sample, s in zip(samples, scores)
    ]
    result = evaluate(averaged)[0]
    assert result == pytest.approx(evaluate(by_hand)[0]) and result != evaluate(samples)[0]


def test_bfloat16_scores_are_taken_as_they_are():
    samples, scores, labels = make_samples()
    for sample in samples:
        sample.set_pred_score(sample.pred_score.bfloat16())
    rounded = torch.tensor(scores).bfloat16().double().numpy()
    result, _ = evaluate(samples)
    assert result['long-tail/top5'] == pytest.approx(top_k(rounded, labels, 5))
    assert result['long-tail/ece'] == pytest.approx(naive_ece(rounded, labels))


def test_what_is_kept_does_not_grow_with_the_classes():
    batch = torch.rand(8, 500).softmax(dim=1)
    metric = build()
    metric.process(None, [DataSample().set_pred_score(row).set_gt_label(3) for row in batch])
    kept = batch.argmax(dim=1).tolist(), batch.amax(dim=1).tolist()
    batch.zero_()
    assert [len(result) for result in metric.results] == [4] * 8
    assert [result[2] for result in metric.results] == kept[1]


def test_a_group_without_classes_has_no_key_and_no_row(log_of):
    samples, _, _ = make_samples()
    result, metric = evaluate(samples, class_counts=[5000, 2997, 1796, 1077, 645, 387, 232])
    assert {key for key in result if '_' in key} == {'long-tail/top1_many', 'long-tail/balanced_accuracy'}
    assert result['long-tail/top1_many'] == pytest.approx(result['long-tail/balanced_accuracy'])
    assert [line.split()[0] for line in str(metric.report).splitlines()] == ['group', 'many', 'total']


def test_untested_classes_are_named_and_left_out_as_in_sklearn(log_of):
    samples, scores, labels = make_samples()
    tested = labels < 5
    some = [sample for sample, inside in zip(samples, tested) if inside]
    metric = build(class_counts=COUNTS, per_class=True)
    metric.dataset_meta = dict(classes=NAMES)
    metric.process(None, some)
    result = metric.evaluate(len(some))
    predicted = scores[tested].argmax(1)
    recall = [(predicted[labels[tested] == k] == k).mean() for k in range(5)]
    assert result['long-tail/balanced_accuracy'] == pytest.approx(100 * np.mean(recall))
    assert 'long-tail/top1_few' not in result and 'long-tail/accuracy_dog' not in result
    assert result['long-tail/accuracy_car'] == pytest.approx(100 * recall[1])
    assert 'no test images, left out of all means: dog, frog' in log_of()
    assert 'no class with test images in few: no accuracy of it' in log_of()


def test_the_log_reads_well(log_of):
    labels, predicted = [0, 0, 1, 2, 2, 2, 2], [0, 0, 0, 2, 2, 1, 0]
    samples = [
        DataSample().set_pred_score(torch.eye(3)[p]).set_gt_label(k) for p, k in zip(predicted, labels)
    ]
    evaluate(samples, class_counts=[500, 20, 3])
    wanted = (
        '7 images, top1 57.14 %, balanced_accuracy 50.00 %, ece 42.86 %; means of classes:\n'
        'group   classes  train images  accuracy (%)\n'
        'many          1    500 to 500        100.00\n'
        'medium        1      20 to 20          0.00\n'
        'few           1        3 to 3         50.00\n'
        'total         3      3 to 500         50.00\n'
    )
    assert wanted in log_of()
    evaluate(samples)
    assert 'LongTailSingleLabelMetric knows no class counts' in log_of() and 'many, medium, few' in log_of()


def test_where_results_are_collected_is_passed_on():
    assert build().collect_device == 'cpu' and build(collect_device='gpu').collect_device == 'gpu'
    assert build(collect_dir='there').collect_dir == 'there'


def test_edges_and_bins_are_options():
    samples, scores, labels = make_samples()
    result, metric = evaluate(samples, class_counts=COUNTS, groups=dict(edges=(3, 60)), num_bins=4)
    assert metric.groups.assign(metric.report.class_counts).tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert result['long-tail/ece'] == pytest.approx(naive_ece(scores, labels, 4))
    for sample in samples:  # logits rank, but are no confidence
        sample.set_pred_score(sample.pred_score * 100 - 3)
    assert evaluate(samples, num_bins=0)[0] == pytest.approx(
        {key: value for key, value in evaluate(make_samples()[0])[0].items() if 'ece' not in key}
    )
    with pytest.raises(ValueError, match=r'confidences must be probabilities in \[0, 1\]'):
        evaluate(samples)


@pytest.mark.parametrize('where', ['given', 'log'])
def test_per_class_dump(tmp_path, log_of, where):
    samples, _, labels = make_samples()
    some = [sample for sample, label in zip(samples, labels) if label != 6]
    path = tmp_path / ('new/acc.json' if where == 'given' else 'per_class_accuracy.json')
    _, metric = evaluate(some, class_counts=COUNTS, dump_per_class=str(path) if where == 'given' else True)
    content = json.loads(path.read_text())
    assert content['class_counts'] == COUNTS and content['classes'] == list('0123456')
    assert content['accuracy'][6] is None
    assert content['accuracy'][:6] == pytest.approx(metric.report.per_class[:6], abs=1e-6)


def run_rank(rank):
    samples, _, _ = make_samples(num_images=9)
    mine = [samples[i] for i in DefaultSampler(samples, shuffle=False)]
    metric = build(class_counts=COUNTS)
    for first in range(0, len(mine), 3):
        metric.process(None, mine[first : first + 3])
    return len(mine), metric.evaluate(len(samples))


def test_two_processes_with_a_padded_last_batch_equal_one(two_ranks):
    samples, _, _ = make_samples(num_images=9)
    expected, _ = evaluate(samples, class_counts=COUNTS)
    assert evaluate([*samples, samples[0]], class_counts=COUNTS)[0] != expected  # the padding would show
    assert two_ranks(run_rank) == [(5, pytest.approx(expected))] * 2


@pytest.mark.parametrize(
    'change, message',
    [
        (lambda s: s.pop('pred_score'), r"must have pred_score and gt_label, but has only \['gt_label'"),
        (lambda s: s.pop('gt_label'), 'but has only .*pred_score'),
        (lambda s: s.set_gt_label([1, 2]), r'gt_label must be one class, got \[1, 2\]'),
        (lambda s: s.set_gt_label(7), r'gt_label must be in 0 to 6, got .*7\]'),
        (lambda s: s.set_pred_score(torch.full((7,), float('nan'))), 'NaN in 1 of 32 images'),
    ],
)
def test_bad_samples_are_named(change, message):
    samples, _, _ = make_samples()
    change(samples[3])
    with pytest.raises(ValueError, match=message):
        evaluate(samples)


def test_disagreeing_classes_are_named():
    samples, _, _ = make_samples()
    with pytest.raises(ValueError, match='class_counts has 2 entries, but the scores are for 7 classes'):
        evaluate(samples, class_counts=[5, 3])
    metric = build()
    metric.set_class_statistics(ClassStatistics(np.array(COUNTS), 803, NAMES))
    metric.dataset_meta = dict(classes=NAMES[::-1])
    metric.process(None, samples)
    with pytest.raises(ValueError, match='same ones in the same order'):
        metric.evaluate(len(samples))


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(groups=dict(edges=(100, 20))), 'edges is .*ascending'),
        (dict(topk=()), r'topk is \(\), expected a list of 1 or more'),
        (dict(topk=0), r'topk\[0\] is 0, expected a whole number >= 1'),
        (dict(num_bins=-1), 'num_bins is -1, expected a whole number >= 0'),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        build(**options)


def test_a_single_image():
    samples, scores, labels = make_samples()
    result, _ = evaluate(samples[:1])
    assert result['long-tail/top5'] == top_k(scores[:1], labels[:1], 5)


def test_an_empty_test_set():
    with pytest.raises(ValueError, match='no data samples'):
        build().evaluate(0)

"""The metric against its inner metric run once per expert, over one process and two, and in a runner's test."""

import json

import numpy as np
import pytest
import torch
import torch.distributed
from mmengine.dataset import DefaultSampler
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmengine.runner import Runner
from mmpretrain.registry import METRICS, MODELS
from mmpretrain.structures import DataSample

from mmlongtail.structures import ClassStatistics

COUNTS = [500, 101, 60, 20, 3]
EXPERTS, CLASSES = 3, len(COUNTS)
SINGLE = dict(type='LongTailSingleLabelMetric', class_counts=COUNTS, topk=(1, 2))
MULTI = dict(type='LongTailMultiLabelMetric', class_counts=COUNTS)


def make_samples(num_images=60, multi_label=False):
    rng = np.random.default_rng(0)
    logits = torch.tensor(rng.normal(size=(EXPERTS, num_images, CLASSES)), dtype=torch.float32)
    labels = rng.integers(0, CLASSES, (num_images, 2))
    labels[:, 0] = np.arange(num_images) % CLASSES
    logits[1, range(num_images), labels[:, 0]] += 1  # one better than the others

    def score(z):
        return z.sigmoid() if multi_label else z.softmax(-1)

    samples = []
    for b, pair in enumerate(labels):
        sample = DataSample().set_pred_score(score(logits[:, b].mean(0))).set_pred_label(0)
        sample.set_gt_label(sorted(set(pair.tolist())) if multi_label else int(pair[0]))
        sample.set_field(score(logits[:, b]), 'expert_scores', dtype=torch.Tensor)
        samples.append(sample)
    return samples


def build(metric=SINGLE):
    return METRICS.build(dict(type='PerExpertMetric', metric=metric))


def evaluate(metric, samples, batch=16):
    for first in range(0, len(samples), batch):
        metric.process(None, [sample.to_dict() for sample in samples[first : first + batch]])
    return metric.evaluate(len(samples))


def one_by_one(config, samples):
    """The inner metric run alone on the ensemble and on each expert."""
    expected = evaluate(METRICS.build(config), samples)
    values = []
    for i in range(EXPERTS):
        alone = [
            DataSample(pred_score=s.expert_scores[i], gt_label=s.gt_label, metainfo=dict(num_classes=CLASSES))
            for s in samples
        ]
        values.append(
            {k.split('/')[-1]: v for k, v in evaluate(METRICS.build(dict(config, prefix='p')), alone).items()}
        )
        expected.update({f'expert{i}/{key}': value for key, value in values[-1].items()})
    means = {f'single/{key}': np.mean([value[key] for value in values]) for key in values[0]}
    return expected | means


@pytest.fixture
def log_of(tmp_path):
    """What the run's log file says."""
    logger = MMLogger.get_instance(f'experts-{tmp_path.name}', log_file=str(tmp_path / 'run.log'))
    yield (tmp_path / 'run.log').read_text
    MMLogger._instance_dict.pop(logger.instance_name)


@pytest.mark.parametrize(
    ('config', 'key'),
    [
        (SINGLE, 'long-tail/top1'),
        (dict(SINGLE, prefix='other'), 'other/top1'),
        (MULTI, 'long-tail/mAP_tail'),
        (dict(type='Accuracy', topk=(1, 2)), 'accuracy/top1'),
        (dict(type='AveragePrecision'), 'multi-label/mAP'),
    ],
)
def test_equals_the_inner_metric_run_for_each(config, key):
    samples = make_samples(multi_label=config['type'] in (MULTI['type'], 'AveragePrecision'))
    result, metric = evaluate(build(config), samples), build(config)
    assert result == pytest.approx(one_by_one(config, samples), abs=1e-9)
    name = key.split('/')[-1]
    assert len({round(result[k], 6) for k in (key, f'expert0/{name}', f'expert1/{name}')}) == 3
    # a second evaluation starts anew
    assert evaluate(metric, samples[:20]) != result and evaluate(metric, samples) == result


def test_the_single_label_metric_is_the_default():
    metric = METRICS.build(dict(type='PerExpertMetric'))
    assert 'long-tail/top1' in evaluate(metric, make_samples())


def test_statistics_and_class_names_reach_the_inner_metrics(log_of):
    samples, names = make_samples(), tuple('abcde')
    metric = build(dict(SINGLE, class_counts=None, per_class=True))
    evaluator = Evaluator(metric)
    evaluator.dataset_meta = dict(classes=names)
    metric.set_class_statistics(ClassStatistics(np.array(COUNTS), 684, names))
    for _ in range(2):  # the second time the experts' metrics are there already
        evaluator.process(samples)
        result = evaluator.evaluate(len(samples))
        assert {f'{p}/top1_few' for p in ('long-tail', 'expert0', 'expert2', 'single')} <= set(result)
        assert {'long-tail/accuracy_e', 'expert1/accuracy_e', 'single/accuracy_e'} <= set(result)
        metric.set_class_statistics(ClassStatistics(np.array(COUNTS), 684, names))
    evaluator.dataset_meta = dict(classes=names[::-1])
    assert [m.dataset_meta['classes'] for m in (metric, *metric.experts)] == [names[::-1]] * 4
    assert metric.report.classes == names


def test_log_has_one_table_and_a_line_of_each_expert(log_of):
    result = evaluate(build(), make_samples())
    lines = log_of().splitlines()
    assert sum('group' in line for line in lines) == 1
    for name in ('expert0', 'expert1', 'expert2', 'single'):
        line = next(line for line in lines if f'{name}: ' in line)
        assert f'{name}: top1 {result[f"{name}/top1"]:.2f}, top2 {result[f"{name}/top2"]:.2f}' in line
    MMLogger.get_current_instance().info('later')
    assert 'later' in log_of()


def test_the_dump_is_the_ensembles(tmp_path, log_of):
    path, samples = tmp_path / 'acc.json', make_samples()
    metric = build(dict(SINGLE, dump_per_class=str(path)))
    evaluate(metric, samples)
    alone = METRICS.build(SINGLE)
    evaluate(alone, samples)
    assert json.loads(path.read_text())['accuracy'] == pytest.approx(alone.report.per_class, abs=1e-6)
    assert list(tmp_path.glob('*.json')) == [path]


def test_scores_are_copied_out_of_the_batch():
    samples, metric = make_samples(20, multi_label=True), build(MULTI)
    expected = evaluate(build(MULTI), samples)
    metric.process(None, samples)
    for sample in samples:
        sample.expert_scores.zero_()
        sample.pred_score.zero_()
    assert metric.evaluate(20) == expected


def run_rank(rank):
    samples = make_samples(9)
    mine = [samples[i] for i in DefaultSampler(samples, shuffle=False)]
    metric = build()
    for first in range(0, len(mine), 3):
        metric.process(None, [sample.to_dict() for sample in mine[first : first + 3]])
    return len(mine), metric.evaluate(len(samples))


def test_means_over_experts_are_of_numbers_alone():
    config = dict(type='SingleLabelMetric', average=None, num_classes=CLASSES, items=('recall',))
    result = evaluate(build(config), make_samples())
    name = 'recall_classwise'
    assert len(result[f'single-label/{name}']) == len(result[f'expert2/{name}']) == CLASSES
    assert not any(key.startswith('single/') for key in result)


def test_two_processes_with_a_padded_last_batch_equal_one(two_ranks):
    expected = evaluate(build(), make_samples(9))
    assert two_ranks(run_rank) == [(5, pytest.approx(expected))] * 2


def test_one_runner_test_reports_both_numbers(tmp_path):
    """From the images on: ensemble and experts as plain softmax in numpy says."""
    torch.manual_seed(0)
    images = torch.randn(12, 3, 8, 8)
    model = MODELS.build(
        dict(
            type='MultiExpertClassifier',
            backbone=dict(type='CifarResNet', depth=20),
            neck=dict(type='GlobalAveragePooling'),
            head=dict(
                type='MultiExpertHead',
                expert=dict(type='LinearClsHead', num_classes=CLASSES, in_channels=64),
                loss=dict(type='NestedCollaborativeLoss', classification=dict(type='CrossEntropyLoss')),
            ),
        )
    )
    for expert in model.head.experts:
        torch.nn.init.normal_(expert.fc.weight, std=3)
    logits = model.eval()(images)[:, 0].detach().numpy()
    labels = [*logits[1, :8].argmax(1).tolist(), 0, 1, 2, 3]
    runner = Runner(
        model,
        str(tmp_path),
        test_dataloader=dict(
            dataset=[
                dict(inputs=x, data_samples=DataSample().set_gt_label(y)) for x, y in zip(images, labels)
            ],
            batch_size=5,
            sampler=dict(type='DefaultSampler', shuffle=False),
        ),
        test_cfg=dict(),
        test_evaluator=dict(type='PerExpertMetric', metric=SINGLE),
        default_scope='mmpretrain',
        experiment_name=tmp_path.name,
    )
    result = runner.test()
    right = [100 * np.mean(z.argmax(1) == labels) for z in (logits.mean(0), *logits)]
    names = ('long-tail', 'expert0', 'expert1')
    assert [result[f'{name}/top1'] for name in names] == pytest.approx(right)
    assert result['single/top1'] == pytest.approx(np.mean(right[1:])) and len(set(right)) > 1


def test_samples_of_another_head_are_named():
    samples = make_samples(4)
    samples[2].pop('expert_scores')
    with pytest.raises(ValueError, match='must have expert_scores.*MultiExpertHead'):
        build().process(None, samples)


def test_a_metric_that_keeps_sums_is_refused():
    class Sums(type(METRICS.build(SINGLE))):
        def process(self, data_batch, data_samples):
            self.results.append(len(data_samples))

    METRICS.register_module(name='Sums', module=Sums, force=True)
    with pytest.raises(ValueError, match='Sums keeps 1 results of 4 samples'):
        build(dict(type='Sums')).process(None, make_samples(4))


def test_an_empty_test_set():
    with pytest.raises(ValueError, match='no data samples'):
        build().evaluate(0)

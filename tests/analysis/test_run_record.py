"""Read from the files of a real run, and from broken copies of them."""

import json
import shutil

import pytest
from mmengine.config import Config

from mmlongtail.analysis.run_record import dataset_name, image_size, last_evaluation, network_name, read_run


@pytest.fixture
def moved(finished_run, tmp_path):
    """The same run in another place, to be spoilt."""
    return shutil.copytree(finished_run, tmp_path / 'moved')


def test_row_of_a_finished_run(finished_run):
    row = read_run(finished_run)
    lines = next(finished_run.glob('*/vis_data/scalars.json')).read_text().splitlines()
    last = json.loads(lines[-1])
    assert last['step'] == 2
    assert row == dict(
        config='tiny.py',
        seed='7',
        dataset='MultiLabelDataset',
        network='LeNet5',
        image_size='32',
        iterations='8',  # 2 epochs of 2 x 6 images in batches of 3
        total=f'{last["long-tail/mAP"]:.2f}',
        head=f'{last["long-tail/mAP_head"]:.2f}',
        medium=f'{last["long-tail/mAP_medium"]:.2f}',
        tail=f'{last["long-tail/mAP_tail"]:.2f}',
    )


def test_row_of_a_finished_single_label_run(finished_single_label_run, tmp_path):
    row = read_run(finished_single_label_run)
    lines = next(finished_single_label_run.glob('*/vis_data/scalars.json')).read_text().splitlines()
    last = json.loads(lines[-1])
    assert last['step'] == 2 and 'long-tail/top1_many' not in last
    assert row == dict(
        config='single.py',
        seed='7',
        dataset='BaseDataset',
        network='LeNet5',
        image_size='32',
        iterations='8',
        top1=f'{last["long-tail/top1"]:.2f}',
        many='',
        medium=f'{last["long-tail/top1_medium"]:.2f}',
        few=f'{last["long-tail/top1_few"]:.2f}',
    )
    (tmp_path / 'test.json').write_text(json.dumps({'tta/top1': 43.211, 'tta/top1_many': 70.0}))
    tested = read_run(finished_single_label_run, tmp_path / 'test.json')
    assert [tested[score] for score in ('top1', 'many', 'medium', 'few')] == ['43.21', '70.00', '', '']


def test_a_prefix_chooses_among_the_evaluations_of_a_run(finished_single_label_run, tmp_path):
    scores = {'long-tail/top1': 50.0, 'single/top1': 41.5, 'single/top1_few': 7.25}
    (tmp_path / 'test.json').write_text(json.dumps(scores))
    assert read_run(finished_single_label_run, tmp_path / 'test.json')['top1'] == '50.00'
    row = read_run(finished_single_label_run, tmp_path / 'test.json', prefix='single')
    assert [row[score] for score in ('top1', 'many', 'medium', 'few')] == ['41.50', '', '', '7.25']
    with pytest.raises(
        ValueError, match=r'test.json, under expert7/, must have a mAP or top1, got only \[\]'
    ):
        read_run(finished_single_label_run, tmp_path / 'test.json', prefix='expert7')


def test_scores_of_neither_kind_are_no_result(finished_run, tmp_path):
    (tmp_path / 'test.json').write_text(json.dumps({'long-tail/recall': 12.0}))
    with pytest.raises(ValueError, match=r"must have a mAP or top1, got only \['long-tail/recall'\]"):
        read_run(finished_run, tmp_path / 'test.json')


def test_the_run_saved_its_best_by_the_tail_and_its_per_class_ap(finished_run):
    assert list(finished_run.glob('best_long-tail_mAP_tail_epoch_*.pth'))
    content = json.loads(next(finished_run.glob('*/per_class_ap.json')).read_text())
    assert content['classes'] == ['one', 'two', 'three'] and content['class_counts'] == [10, 6, 2]


def test_a_moved_work_dir_reads_the_same(finished_run, moved):
    (moved / 'last_checkpoint').write_text('/somewhere/else/epoch_2.pth')
    assert read_run(moved) == read_run(finished_run)


def test_scores_of_a_test_run_take_precedence(finished_run, tmp_path):
    scores = tmp_path / 'test.json'
    scores.write_text(json.dumps({'voc/mAP': 12.345, 'voc/mAP_head': 50.0, 'time': 1.0}))
    row = read_run(finished_run, scores)
    assert (row['total'], row['head'], row['tail'], row['iterations']) == ('12.35', '50.00', '', '8')


def test_a_resumed_run_gives_the_later_evaluation(moved):
    later = moved / '20990101_000000' / 'vis_data' / 'scalars.json'
    later.parent.mkdir(parents=True)
    later.write_text('{"loss": 1.0, "step": 8}\n{"long-tail/mAP": 42.0, "step": 2}\n')
    assert read_run(moved)['total'] == '42.00'
    later.write_text('{"loss": 1.0, "step": 8}\n')
    assert read_run(moved)['total'] != '42.00'


def test_an_unfinished_run_is_no_result(moved):
    config = moved / 'tiny.py'
    config.write_text(config.read_text().replace('max_epochs=2', 'max_epochs=3'))
    with pytest.raises(ValueError, match=r'not finished: epoch_2.pth is of epoch 2 of 3'):
        read_run(moved)


def test_an_end_that_was_not_evaluated_is_no_result(moved):
    path = next(moved.glob('*/vis_data/scalars.json'))
    lines = path.read_text().splitlines()
    path.write_text('\n'.join(line for line in lines if 'mAP' not in line or '"step": 1' in line))
    with pytest.raises(ValueError, match='last evaluation at epoch 1, but trained to 2'):
        read_run(moved)


@pytest.mark.parametrize('missing', ['tiny.py', 'last_checkpoint', '*/vis_data/scalars.json'])
def test_missing_files_are_named(moved, missing):
    next(moved.glob(missing)).unlink()
    with pytest.raises(
        FileNotFoundError, match=missing.split('/')[-1] if missing != 'tiny.py' else 'dumped config'
    ):
        read_run(moved)


@pytest.mark.parametrize(
    'steps, expected',
    [
        ([dict(type='Resize', scale=(224, 224))], '224'),
        (
            [
                dict(type='ResizeEdge', scale=256),
                dict(type='CenterCrop', crop_size=192),
                dict(type='PackInputs'),
            ],
            '192',
        ),
        ([dict(type='PackInputs')], ''),
    ],
)
def test_image_size(tiny_config, steps, expected):
    cfg = tiny_config
    cfg.test_dataloader = dict(dataset=dict(type='Wrapper', dataset=dict(type='Set', pipeline=steps)))
    assert image_size(cfg) == expected


def test_last_evaluation_of_a_work_dir_without_any(tmp_path):
    with pytest.raises(FileNotFoundError, match='no evaluation in'):
        last_evaluation(tmp_path)


@pytest.mark.parametrize(
    'dataset, name',
    [
        (dict(type='VOCLongTail'), 'VOCLongTail'),
        (dict(type='CIFAR100LT', imbalance_factor=100), 'CIFAR100LT-IF100'),
        (dict(type='CIFAR10LT', imbalance_factor=50.0, imbalance_type='exp'), 'CIFAR10LT-IF50'),
        (dict(type='CIFAR10LT', imbalance_factor=12.5, imbalance_type='step'), 'CIFAR10LT-IF12.5-step'),
        (dict(type='LongTailSubset', imbalance_factor=10, dataset=dict(type='Places')), 'Places-IF10'),
    ],
)
def test_the_name_of_a_data_set_tells_its_imbalance(tiny_config, dataset, name):
    cfg = tiny_config
    cfg.train_dataloader.dataset = dict(type='Wrapper', dataset=dataset)
    assert dataset_name(cfg) == name


def test_a_run_on_cached_features_is_one_of_another_network():
    hooks = [{}, dict(frozen_trunk=None), dict(frozen_trunk=dict(type='FrozenTrunkHook', until='neck'))]
    cfgs = [
        Config(dict(model=dict(backbone=dict(type='ResNet', depth=50)), default_hooks=each)) for each in hooks
    ]
    assert [network_name(cfg) for cfg in cfgs] == ['ResNet-50', 'ResNet-50', 'ResNet-50, cached']

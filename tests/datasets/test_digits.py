"""The demo set has the long tail it promises, and its parts share no handwriting."""

from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmpretrain.registry import DATASETS
from torch.utils.data import DataLoader

from mmlongtail.datasets.digits import LongTailDigits, LongTailSingleDigits
from mmlongtail.datasets.long_tail_split import pareto_counts
from mmlongtail.datasets.transforms.compose_digits import handwritten_digits
from mmlongtail.structures import MULTI_LABEL, ClassStatistics

CONFIG = Path(__file__).resolve().parents[2] / 'configs/_base_/datasets/digits.py'


@pytest.fixture(scope='module')
def parts() -> dict[str, LongTailDigits]:
    """Both parts as the demo's configs build them."""
    cfg = Config.fromfile(CONFIG)
    configs = dict(train=cfg.train_dataloader.dataset.dataset, test=cfg.test_dataloader.dataset)
    return {name: DATASETS.build(config) for name, config in configs.items()}


def infos(dataset) -> list[dict]:
    return [dataset.get_data_info(i) for i in range(len(dataset))]


def test_every_label_is_shown_by_a_digit_in_its_color(parts):
    """The class names, read back word by word, are what the picture is told to show."""
    targets = handwritten_digits()[1]
    for dataset in parts.values():
        for info in infos(dataset):
            shown = [f'{ink} {targets[digit]}' for ink, digit in zip(info['inks'], info['digits'])]
            assert shown == [dataset.metainfo['classes'][k] for k in info['gt_label']]
            assert 1 <= len(set(shown)) == len(shown) <= 4


def test_classes_are_all_digits_in_all_colors(parts):
    classes = parts['train'].metainfo['classes']
    assert sorted(classes) == sorted(f'{ink} {d}' for ink in ('red', 'green', 'blue') for d in range(10))


@pytest.mark.parametrize('kind', [LongTailDigits, LongTailSingleDigits])
def test_parts_share_no_handwritten_digit(kind):
    train, val, test = (
        {d for info in infos(kind(split=split, max_count=200, min_count=200)) for d in info['digits']}
        for split in ('train', 'val', 'test')
    )
    assert not train & val and not train & test and not val & test
    assert len(train) > 800 and len(val) > 190 and len(test) > 450  # nearly all of them are used


def test_train_part_has_a_long_tail(parts):
    """Own pictures by the Pareto rule, none unlabeled, all three groups well filled."""
    dataset = parts['train']
    statistics = ClassStatistics.from_dataset(dataset)
    own = np.bincount([info['gt_label'][0] for info in infos(dataset)], minlength=30)
    np.testing.assert_array_equal(own, pareto_counts(30, 400, 4))
    np.testing.assert_array_equal(own, dataset.own_counts)
    assert (statistics.class_counts >= own).all()
    assert np.bincount(MULTI_LABEL.assign(statistics.class_counts)).min() >= 7
    assert 5 <= statistics.class_counts.min() < 20


def test_head_classes_turn_up_beside_everything(parts):
    """Co-occurrence follows the counts: as companion, the most frequent class is seen with nearly all others."""
    together = ClassStatistics.from_dataset(parts['train']).cooccurrence
    partners = (together > 0).sum(1) - 1
    assert partners[0] >= 28 and partners[-8:].mean() < 15


def test_test_part_is_balanced(parts):
    counts = ClassStatistics.from_dataset(parts['test']).class_counts
    assert counts.min() >= 50 and counts.max() < 1.6 * counts.min()


def test_one_picture_per_class_is_the_smallest_set():
    dataset = LongTailDigits(max_count=1, min_count=1)
    assert len(dataset) == 30
    assert {info['gt_label'][0] for info in infos(dataset)} == set(range(30))


def test_seed_and_split_decide_everything():
    first, again, other, test = (
        infos(LongTailDigits(max_count=5, min_count=1, **kw))
        for kw in (dict(), dict(), dict(seed=1), dict(split='test'))
    )
    assert first == again
    labels = [[info['gt_label'] for info in data] for data in (first, other, test)]
    assert labels[0] != labels[1] and labels[0] != labels[2]


def test_worker_processes_compose_the_same_pictures():
    """Neither the process nor its global generators have a part in a picture."""
    dataset = LongTailDigits(max_count=3, min_count=1, pipeline=[dict(type='ComposeDigits')])
    loader = DataLoader(dataset, batch_size=None, num_workers=2, collate_fn=lambda sample: sample['img'])
    here = [sample['img'] for sample in dataset]
    np.testing.assert_array_equal(list(loader), here)


@pytest.mark.parametrize(
    'arguments, words',
    [
        (dict(split='all'), "split is 'all', expected one of"),
        (dict(min_count=0), 'max_count=240: min_count is 0, expected a whole number >= 1'),
        (dict(max_count=2), 'max_count=2: min_count is 3, expected .* <= 2'),
        (dict(power=0), 'power is 0'),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        LongTailDigits(**arguments)


def test_summary_names_the_part():
    assert 'Split: \ttest' in repr(LongTailDigits(split='test', max_count=1, min_count=1))


def test_single_label_pictures_show_their_class_in_any_ink():
    targets = handwritten_digits()[1]
    dataset = DATASETS.build(
        Config.fromfile(CONFIG.with_name('single_digits.py')).train_dataloader.dataset.dataset
    )
    for info in infos(dataset):
        assert [targets[digit] for digit in info['digits']] == [info['gt_label']]
    for label in (0, 5):
        assert {info['inks'][0] for info in infos(dataset) if info['gt_label'] == label} == {
            'red',
            'green',
            'blue',
        }


def test_single_label_counts_fall_exponentially_by_a_hundred():
    dataset = DATASETS.build(
        Config.fromfile(CONFIG.with_name('single_digits.py')).train_dataloader.dataset.dataset
    )
    statistics = ClassStatistics.from_dataset(dataset)
    np.testing.assert_allclose(
        statistics.class_counts, 400 * 0.01 ** (np.arange(10) / 9), rtol=0.01, atol=0.6
    )
    assert dataset[0]['data_samples'].gt_label.tolist() == [0]

"""A folder of pictures made long-tailed; its images, labels and errors."""

import cv2
import numpy as np
import pytest
import torch
from mmpretrain.registry import DATASETS

from mmlongtail.datasets.wrappers.long_tail_subset import LongTailSubset, ShareSubset
from mmlongtail.structures import ClassStatistics

CLASSES = ('ant', 'bee', 'cat')
SIZES = (14, 12, 13)


@pytest.fixture(scope='module')
def folder(tmp_path_factory) -> dict:
    """Config of a folder set; picture i of class k is evenly coloured (k, i, 0)."""
    root = tmp_path_factory.mktemp('folders')
    for k, (name, size) in enumerate(zip(CLASSES, SIZES)):
        (root / name).mkdir()
        for i in range(size):
            cv2.imwrite(str(root / name / f'{i:02d}.png'), np.full((2, 2, 3), (k, i, 0), np.uint8))
    pipeline = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]
    return dict(type='CustomDataset', data_root=str(root), pipeline=pipeline)


def expected_draw(counts: list[int], seed: int) -> list[tuple[int, int]]:
    """(class, number within it) by the legacy generator alone."""
    generator, drawn = np.random.RandomState(seed), []
    for k, (size, n) in enumerate(zip(SIZES, counts)):
        numbers = list(range(size))
        generator.shuffle(numbers)
        drawn += [(k, i) for i in numbers[:n]]
    return drawn


@pytest.mark.parametrize(
    'options, counts',
    [
        (dict(imbalance_factor=4), [12, 6, 3]),
        (dict(imbalance_factor=4, seed=3), [12, 6, 3]),
        (dict(imbalance_factor=3, max_count=14), [14, 8, 4]),
        (dict(imbalance_factor=6, imbalance_type='step'), [12, 2, 2]),
        (dict(share=0.2), [3, 2, 3]),
        (dict(share=0.5, seed=1), [7, 6, 6]),
        (dict(share=0.01), [1, 1, 1]),
        (dict(share=1), [14, 12, 13]),
    ],
)
def test_images_labels_and_statistics(folder, options, counts):
    kind = 'ShareSubset' if 'share' in options else 'LongTailSubset'
    dataset = DATASETS.build(dict(type=kind, dataset=folder, **options))
    statistics = ClassStatistics.from_dataset(dataset)
    assert statistics.class_counts.tolist() == counts and statistics.num_images == sum(counts) == len(dataset)
    assert dataset.metainfo['classes'] == CLASSES
    seen = [tuple(dataset[i]['inputs'][:2, 0, 0].tolist()) for i in range(len(dataset))]
    assert seen == expected_draw(counts, options.get('seed', 0))
    assert [dataset.get_data_info(i)['gt_label'] for i in range(len(dataset))] == [k for k, _ in seen]


def test_under_a_loader(folder):
    dataset = LongTailSubset(folder, imbalance_factor=4)
    loader = torch.utils.data.DataLoader(dataset, batch_size=7, collate_fn=list)
    labels = [int(item['data_samples'].gt_label) for batch in loader for item in batch]
    assert labels == [0] * 12 + [1] * 6 + [2] * 3


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(max_count=13, imbalance_factor=1), r"class 'bee' \(1\) has 12 images, but the draw needs 13"),
        (dict(imbalance_factor=13), 'max_count=12: imbalance_factor is 13, expected .* <= 12'),
        (dict(imbalance_factor=2, imbalance_type='pareto'), "imbalance_type is 'pareto'"),
    ],
)
def test_bad_arguments(folder, options, message):
    with pytest.raises(ValueError, match=message):
        LongTailSubset(folder, **options)


@pytest.mark.parametrize('share', [0, -0.5, 1.1, float('nan')])
def test_bad_shares(folder, share):
    with pytest.raises(ValueError, match=f'share is {share}, expected a finite number > 0 and <= 1'):
        ShareSubset(folder, share)


def test_a_class_without_images_keeps_none(tmp_path):
    (tmp_path / 'list.csv').write_text('0.png,0\n1.png,0\n2.png,2\n')
    for i in range(3):
        cv2.imwrite(str(tmp_path / f'{i}.png'), np.zeros((2, 2, 3), np.uint8))
    config = dict(
        type='SingleLabelListFile', data_root=str(tmp_path), ann_file='list.csv', classes=list(CLASSES)
    )
    statistics = ClassStatistics.from_dataset(ShareSubset(config, 0.1))
    assert statistics.class_counts.tolist() == [1, 0, 1]


def test_multi_label_sets_are_refused():
    class Two:
        metainfo = dict(classes=('a', 'b'))

        def __len__(self):
            return 2

        def get_cat_ids(self, index):
            return [[1], [0, 1]][index]

    with pytest.raises(ValueError, match='Two has images with no class or several.*make_long_tail'):
        LongTailSubset(Two(), imbalance_factor=1)

"""Published counts are those of the published labels and fit the benchmarks' definitions; every difference is found."""

import json
from dataclasses import replace

import numpy as np
import pytest

from mmlongtail.datasets.cifar_lt import CIFAR10LT, CIFAR100LT
from mmlongtail.datasets.imagenet_lt import ImageNetLT, PlacesLT
from mmlongtail.datasets.inaturalist import INaturalist2018
from mmlongtail.datasets.published_splits import COCO_LT, VOC_LT, SplitFacts
from mmlongtail.structures import ClassStatistics


@pytest.mark.parametrize('split, name', [(VOC_LT, 'voc_lt.json'), (COCO_LT, 'coco_lt.json')])
def test_counts_are_those_of_the_published_labels(shared_data, split, name):
    images = json.loads((shared_data / name).read_text())['images']
    labels = np.concatenate(list(images.values()))
    assert np.bincount(labels).tolist() == list(split.class_counts)
    assert len(images) == split.num_train


def test_comparison_reports_each_difference():
    split = replace(VOC_LT, name='Toy', num_train=30, num_test=7, class_counts=(100, 20, 3))
    equal = ClassStatistics(np.array([100, 20, 3]), 30, ('cat', 'dog', 'owl'))
    report, same = split.compare(equal, 7)
    assert same and 'differs' not in report and report.endswith('1:1:1\nall as published')
    report, same = split.compare(replace(equal, class_counts=np.array([99, 20, 5])), 6)
    rows = {row.split('  ')[-1]: row for row in report.splitlines() if '<-' in row}
    assert not same and set(rows) == {'<- differs by -1', '<- differs by +2'} and report.count('<-') == 3
    assert '99      100  cat' in report and report.endswith(
        '0:2:1\n3 of these counts DIFFER from the published ones'
    )


def test_another_number_of_classes_is_named():
    few = ClassStatistics(np.array([100, 20]), 30, ('cat', 'dog'))
    with pytest.raises(ValueError, match='VOC-LT has 20 classes, this copy has 2: cat, dog'):
        VOC_LT.compare(few, 7)


def statistics(*counts: int) -> ClassStatistics:
    return ClassStatistics(np.array(counts), sum(counts))


def test_equal_and_different():
    facts = SplitFacts(images=12, classes=3, largest=7, smallest=2)
    report, equal = facts.compare(statistics(7, 3, 2))
    assert equal and 'differs' not in report
    report, equal = facts.compare(statistics(6, 4, 2))
    assert not equal and [line for line in report.splitlines() if 'differs' in line] == [
        '       6          7  images of the largest class  <- differs by -1'
    ]
    assert not facts.compare(statistics(7, 2, 2, 1))[1] and not facts.compare(statistics(7, 2, 3, 2))[1]


@pytest.mark.parametrize(
    'facts, images, classes, largest, smallest',
    [
        (ImageNetLT.facts['train'], 115_846, 1000, 1280, 5),
        (PlacesLT.facts['train'], 62_500, 365, 4980, 5),
        (INaturalist2018.facts['train'], 437_513, 8142, 1000, 2),
    ],
)
def test_training_parts_are_those_of_the_table(facts, images, classes, largest, smallest):
    assert facts == SplitFacts(images, classes, largest, smallest)


@pytest.mark.parametrize('cls', [ImageNetLT, PlacesLT, INaturalist2018])
def test_other_parts_are_balanced(cls):
    others = [facts for part, facts in cls.facts.items() if part != 'train']
    assert others
    for facts in others:
        assert facts.images == facts.classes * facts.largest and facts.largest == facts.smallest


@pytest.mark.parametrize(
    'cls, images', [(CIFAR10LT, {100: 12406, 50: 13996}), (CIFAR100LT, {100: 10847, 50: 12608})]
)
def test_cifar_depends_on_the_draw(cls, images):
    for factor, number in images.items():
        facts = cls('data', imbalance_factor=factor, lazy_init=True).expected
        assert (facts.images, facts.largest, facts.smallest) == (
            number,
            cls.max_count,
            cls.max_count // factor,
        )
    assert cls('data', imbalance_factor=100, imbalance_type='step', lazy_init=True).expected is None
    assert cls('data', imbalance_factor=30, lazy_init=True).expected is None
    test = cls('data', 'test', lazy_init=True).expected
    assert test.images == 10000 == test.classes * test.smallest

"""The published counts in the package are those of the published labels; the comparison finds every difference."""

import json
from dataclasses import replace

import numpy as np
import pytest

from mmlongtail.datasets.published_splits import COCO_LT, VOC_LT
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

"""The way into wrappers, and labels through them, against a call for each image."""

import numpy as np
import pytest

from mmlongtail.datasets.wrappers import DatasetWrapper, DrawDataset, innermost, unwrap
from mmlongtail.structures import image_labels
from mmlongtail.structures.image_labels import flat_labels

LABELS = [[0, 2], [], [1], [0, 1, 2]]


class Labels:
    metainfo = dict(classes=('a', 'b', 'c'))

    def __len__(self):
        return len(LABELS)

    def __getitem__(self, index):
        return index

    def get_data_info(self, index):
        return dict(gt_label=LABELS[index])


def test_from_outside_to_inside():
    inner = Labels()
    outer = DrawDataset(DatasetWrapper(inner))
    assert [type(level) for level in unwrap(outer)] == [DrawDataset, DatasetWrapper, Labels]
    assert innermost(outer) is inner and innermost(inner) is inner
    config = dict(type='A', dataset=dict(type='B', dataset=dict(type='C')))
    assert [level['type'] for level in unwrap(config)] == ['A', 'B', 'C']


@pytest.mark.parametrize('indices', [None, [3, 1, 1, 0], []])
def test_labels_and_items_are_the_inner_ones(indices):
    part = DatasetWrapper(Labels())
    part.indices = indices
    outer = DrawDataset(part)
    expected = [LABELS[i] for i in (range(4) if indices is None else indices)]
    assert len(outer) == len(expected)
    assert [outer.get_cat_ids(i) for i in range(len(outer))] == expected
    for got, wanted in zip(image_labels(outer), flat_labels(expected)):
        np.testing.assert_array_equal(got, wanted)
    assert [outer[i] for i in range(len(outer))] == ([0, 1, 2, 3] if indices is None else indices)


def test_neither_data_set_nor_config_is_refused():
    with pytest.raises(ValueError, match='dataset is 3, expected'):
        DatasetWrapper(3)

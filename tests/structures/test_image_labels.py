"""Labels of all images, however a data set tells them."""

import numpy as np
import pytest
from mmpretrain.datasets import MultiLabelDataset

from mmlongtail.structures import image_labels
from mmlongtail.structures.image_labels import flat_labels


@pytest.mark.parametrize(
    ('labels', 'images', 'classes'),
    [
        ([3, 0, 3], [0, 1, 2], [3, 0, 3]),
        ([[2], [], [1, 0, 1]], [0, 2, 2], [2, 0, 1]),  # ascending, each class once
        ([np.array([4, 1]), np.int64(2), (0,)], [0, 0, 1, 2], [1, 4, 2, 0]),
        ([[], []], [], []),
        ([], [], []),
    ],
)
def test_hand_worked(labels, images, classes):
    got = flat_labels(labels)
    assert [part.tolist() for part in got] == [images, classes]
    assert all(part.dtype == np.int64 for part in got)


class Stored(MultiLabelDataset):
    METAINFO = dict(classes=('a', 'b', 'c'))

    def load_data_list(self):
        return [dict(img_path='', gt_label=label) for label in ([0, 2], [], [1])]


@pytest.mark.parametrize('serialize', [True, False])
def test_stored_annotations_are_read_without_a_call_for_each(serialize, monkeypatch):
    dataset = Stored('', serialize_data=serialize, indices=[2, 0], lazy_init=True)
    monkeypatch.setattr(MultiLabelDataset, '__len__', lambda self: 1 / 0)
    assert [part.tolist() for part in image_labels(dataset)] == [[0, 1, 1], [1, 0, 2]]


def test_what_a_data_set_says_of_its_labels_comes_first():
    class Other(Stored):
        def get_cat_ids(self, idx):
            return [2 - idx]

    assert image_labels(Other(''))[1].tolist() == [2, 1, 0]
    Other.image_labels = lambda self: ('images', 'classes')
    assert image_labels(Other('')) == ('images', 'classes')

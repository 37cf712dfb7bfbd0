"""Flat arrays of images, told from a list of dicts with the same images."""

import os

import numpy as np
import pytest

from mmlongtail.datasets import picture_table
from mmlongtail.datasets.picture_table import PictureItems, TableBuilder
from mmlongtail.structures.image_labels import flat_labels

NAMES = ['a.jpg', 'ünï/日本 b.jpg', './c  d.jpg', '/out/e.jpg', 'a/../a.jpg', "q'uote.jpg"]
CLASSES = [(0, 3), (), (2,), (1, 2, 3), (), (0,)]


@pytest.fixture(params=[1, 2, 1 << 14], autouse=True)
def at_once(request, monkeypatch):
    monkeypatch.setattr(picture_table, 'AT_ONCE', request.param)


@pytest.fixture
def both():
    builder = TableBuilder()
    for k in range(0, len(NAMES), 4):
        builder.add(NAMES[k : k + 4], CLASSES[k : k + 4])
    items = PictureItems(
        dict(img_id=os.path.normpath(name), img_path=os.path.join('root', name), gt_label=[*classes])
        for name, classes in zip(NAMES, CLASSES)
    )
    return builder.table('root'), items


def test_it_tells_what_the_dicts_tell(both):
    table, items = both
    assert len(table) == len(items) and [*table] == items and table[-1] == items[-1]
    assert [*table.paths()] == [*items.paths()] and table.present() == items.present()
    assert sorted(table.repeated_ids()) == sorted(items.repeated_ids()) == ['a.jpg']
    assert table.label_numbers().tolist() == items.label_numbers().tolist() == [2, 0, 1, 3, 0, 1]
    expected = flat_labels(item['gt_label'] for item in items)
    assert all(map(np.array_equal, table.image_labels(), expected))
    with pytest.raises(IndexError):
        table[len(items)]


@pytest.mark.parametrize('kept', [[1, 0, 1, 1, 0, 1], [1] * 6, [0] * 6])
def test_some_of_it(both, kept):
    table, items = both
    kept = np.array(kept, bool)
    assert [*table.select(kept)] == items.select(kept)
    assert [*table.select(np.flatnonzero(kept)[::-1])] == items.select(kept)[::-1]
    assert [*table[1:5:2]] == items[1:5:2]
    assert [*table.select(kept).paths()] == [*items.select(kept).paths()]


def test_an_index_in_the_place_of_a_list(both):
    one = [2, 5]
    table, items = (images.select(np.isin(np.arange(6), one)).with_one_label() for images in both)
    assert [*table] == items and items[0]['gt_label'] == 2


def test_other_indices_are_brought_in_order():
    builder = TableBuilder()
    builder.add(['a', 'b', 'c'], [(0, 2, 1), (), (1, 0)])
    assert [item['gt_label'] for item in builder.table('', np.array([2, 0, 1]))] == [[0, 1, 2], [], [0, 2]]


def test_no_image():
    table = TableBuilder().table('')
    assert len(table) == 0 and [*table] == [*table.paths()] == table.repeated_ids() == []
    assert table.present() == set() and table.select(np.zeros(0, bool)).label_numbers().tolist() == []

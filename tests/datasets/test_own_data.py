"""Pictures and labels in one form."""

from pathlib import Path

import numpy as np

from mmlongtail.datasets.own_data import OwnData, join_parts


def part(root, paths, labels, classes):
    return OwnData('x', Path(root), paths, labels, classes)


def test_counts_of_a_part():
    data = part('/d', ('a', 'b', 'c'), ((0, 1), (1,), ()), ('x', 'y', 'z'))
    assert data.counts().tolist() == [1, 2, 0]
    assert data.counts(np.array([False, True, True])).tolist() == [0, 1, 0]
    assert not data.single_label


def test_join_maps_classes_by_name():
    data = join_parts(
        part('/d/train', ('a',), ((1,),), ('x', 'y')), part('/d/val', ('a',), ((0,),), ('y',)), 'train', 'val'
    )
    assert data.root == Path('/d') and data.paths == ('train/a', 'val/a')
    assert data.labels == ((1,), (1,)) and data.in_val.tolist() == [False, True]


def test_without_keeps_the_parts():
    data = join_parts(
        part('/d', ('a', 'b'), ((0,), (0,)), ('x',)), part('/d', ('c',), ((0,),), ('x',)), 'd', 'e'
    )
    less = data.without({'a'}, 'one is gone')
    assert (
        less.paths == ('b', 'c') and less.in_val.tolist() == [False, True] and less.notes == ('one is gone',)
    )

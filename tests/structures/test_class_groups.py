"""Groups of classes by hand-worked cases, and what a config may say of them."""

import doctest
from dataclasses import replace

import numpy as np
import pytest

from mmlongtail.structures import MULTI_LABEL, SINGLE_LABEL, ClassGroups, class_groups

COUNTS = [101, 100, 99, 20, 19, 0]
NAN = float('nan')


def test_edges_and_their_inclusiveness():
    assert MULTI_LABEL.assign(COUNTS).tolist() == [0, 0, 1, 1, 2, 2]
    assert SINGLE_LABEL.assign(COUNTS).tolist() == [0, 1, 1, 1, 2, 2]  # many is more than 100
    assert replace(MULTI_LABEL, tail_inclusive=True).assign(COUNTS).tolist() == [0, 0, 1, 2, 2, 2]
    assert ClassGroups(edges=(1, 99)).assign(COUNTS).tolist() == [0, 0, 0, 1, 1, 2]
    assert MULTI_LABEL.assign([]).tolist() == []


def test_members_go_from_head_to_tail_without_empty_groups():
    members = MULTI_LABEL.members([3, 775, 4, 100])
    assert {name: classes.tolist() for name, classes in members.items()} == dict(head=[1, 3], tail=[0, 2])
    assert list(members) == ['head', 'tail']


def test_means_leave_out_what_has_no_value():
    means = SINGLE_LABEL.means(COUNTS, [80, NAN, 60, 10, NAN, NAN])
    assert means == dict(many=80.0, medium=35.0)
    assert MULTI_LABEL.means([1, 2], np.array([1, 2])) == dict(tail=1.5)  # whole numbers, too


def test_what_a_config_may_say():
    assert ClassGroups.from_config(None, SINGLE_LABEL) is SINGLE_LABEL
    assert ClassGroups.from_config('multi_label', SINGLE_LABEL) is MULTI_LABEL
    assert ClassGroups.from_config(SINGLE_LABEL, MULTI_LABEL) is SINGLE_LABEL
    groups = ClassGroups.from_config(dict(edges=[3, 9]), SINGLE_LABEL)
    assert groups == replace(SINGLE_LABEL, edges=(3, 9)) and hash(groups)
    assert groups.names == ('many', 'medium', 'few')
    groups = ClassGroups.from_config(dict(names=['a', 'b', 'c']), MULTI_LABEL)
    assert groups.names == ('a', 'b', 'c') and hash(groups)  # a tuple, whatever a config has


@pytest.mark.parametrize(
    ('wrong', 'words'),
    [
        (dict(edges=(100, 20)), r'edges is \(100, 20\), expected two ascending numbers, \(tail, head\)'),
        (dict(edges=(20,)), 'edges is .*, expected a list of 2'),
        (dict(head_inclusive=1), 'head_inclusive is 1, expected True or False'),
        (dict(names=('a', 'b')), 'names is .*, expected a list of 3'),
        (dict(names=('a', 'b', 'a')), 'names is .*, expected three different names'),
        (dict(edge=(1, 2)), 'groups is .*, expected a dict with some of .*edges'),
        ('many', "groups is 'many', expected one of .*multi_label.*single_label"),
        (3, 'groups is 3, expected one of'),
    ],
)
def test_what_it_may_not_say(wrong, words):
    with pytest.raises(ValueError, match=words):
        ClassGroups.from_config(wrong, MULTI_LABEL)


def test_negative_counts_are_refused():
    with pytest.raises(ValueError, match='>= 0'):
        MULTI_LABEL.assign([3, -1])


def test_example():
    assert doctest.testmod(class_groups).attempted == 2 and not doctest.testmod(class_groups).failed

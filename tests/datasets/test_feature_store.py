"""Room is made in the order of use, and features that are used or built stay."""

import os

import pytest

from mmlongtail.datasets import feature_store
from mmlongtail.datasets.feature_file import FeatureFile
from mmlongtail.datasets.feature_store import FeatureStore


def allocate(store, key) -> FeatureFile:
    """120 bytes."""
    file = store[key]
    file.allocate(2, 5, (1, 3), 'float32', 4, {})
    return file


def test_the_least_recently_used_make_room_and_those_in_use_stay(tmp_path):
    store = FeatureStore(tmp_path, limit=400)  # three of 120 bytes
    for age, key in enumerate('cba'):
        allocate(store, key)
        os.utime(tmp_path / key / 'entry.json', (age, age))
    store.make_room(40, 'new')
    assert all(store[key].exists for key in 'abc')
    user = FeatureStore(tmp_path)
    user.hold('c')
    store.make_room(41, 'new')
    assert [key for key in 'abc' if store[key].exists] == ['a', 'c']
    store.make_room(400, 'c')  # in place of itself
    assert [key for key in 'abc' if store[key].exists] == ['c']
    with pytest.raises(ValueError, match='limit_gb is .* expected at least the'):
        store.make_room(401, 'new')
    FeatureStore(tmp_path).make_room(10**9, 'new')


def test_many_users_or_one_builder(tmp_path):
    first, second = FeatureStore(tmp_path), FeatureStore(tmp_path)
    lock = first.hold('a')
    second.hold('a')  # does not wait
    second._held.pop().close()
    first.only(lock)
    with open(tmp_path / 'a.lock', 'wb') as other:
        assert not feature_store._try_lock(other, exclusive=False)
        first.share(lock)
        assert feature_store._try_lock(other, exclusive=False) and not feature_store._try_lock(other)

"""What changes a digest and what does not."""

import os
from functools import partial

import numpy as np
import pytest
import torch
from mmpretrain.datasets.transforms import PackInputs, RandomFlip
from torch import nn

from mmlongtail.datasets.fingerprints import file_mark, fingerprint

SAME = [
    lambda: dict(b=[1, 2.5, None], a=(True, 'x')),
    lambda: np.arange(6).reshape(2, 3),
    lambda: torch.arange(3, dtype=torch.bfloat16),
    lambda: torch.tensor(2.0),
    lambda: [RandomFlip(0.5), PackInputs()],
    lambda: partial(sorted, reverse=True),
    lambda: {'z', 'y', 'x'},
]


@pytest.mark.parametrize('make', SAME)
def test_equal_values_have_one_digest(make):
    assert fingerprint(make()) == fingerprint(make())


def test_different_values_have_different_digests():
    values = [
        *(make() for make in SAME),
        1,
        1.0,
        True,
        '1',
        [1],
        [[1]],
        dict(a=1),
        np.arange(6),
        np.arange(6, dtype=np.int32),
        np.arange(6).reshape(3, 2),
        torch.arange(6),
        RandomFlip(0.5),
        RandomFlip(0.6),
        nn.Conv2d(1, 1, 3, stride=1, bias=False),
    ]
    assert len({fingerprint(value) for value in values}) == len(values)
    assert fingerprint('a', 'b') != fingerprint('ab')


def test_a_module_counts_by_weights_and_settings_not_by_mode():
    module = nn.Sequential(nn.Conv2d(1, 2, 3, stride=2), nn.BatchNorm2d(2))
    before = fingerprint(module)
    module.eval().requires_grad_(False)
    module[1].num_batches_tracked += 1
    assert fingerprint(module.to(memory_format=torch.channels_last)) == before
    module[0].stride = (1, 1)
    assert fingerprint(module) != before
    module[0].stride = (2, 2)
    assert fingerprint(module) == before
    module[1].running_mean[1] = 1e-6
    assert fingerprint(module) != before


def test_an_object_that_holds_itself_ends():
    flip = RandomFlip(0.5)
    flip.friend = [flip]
    assert fingerprint(flip) != fingerprint(RandomFlip(0.5))


def test_a_file_by_path_size_and_time(tmp_path):
    path = tmp_path / 'a.jpg'
    path.write_bytes(b'12')
    os.utime(path, ns=(1, 10**9 + 7))
    assert file_mark(path) == (str(path), 2, 10**9 + 7)


def test_the_same_in_other_processes():
    assert fingerprint({'a', 'b', 'c'}, dict(x=1.5), np.eye(2)) == '8b5b26fba222bced8a39ac1c'

"""The share that is kept grows by the circle's arc; squares stay squares."""

import math
import pickle

import numpy as np
import pytest
import torch
from mmpretrain.registry import TRANSFORMS

from mmlongtail.datasets.transforms.minimalist_crop import MinimalistCrop


@pytest.mark.parametrize('t', [0, 0.25, 0.6, 1])
def test_least_share(t):
    np.random.seed(0)
    crop = TRANSFORMS.build(dict(type='MinimalistCrop', scale=8))
    crop.set_progress(t)
    picture = np.zeros((100, 100, 3), np.uint8)
    windows = np.array([crop.rand_crop_params(picture) for _ in range(500)])
    least = {0: 0.08, 0.25: 0.08 + 0.92 * (1 - math.sqrt(15) / 4), 0.6: 0.08 + 0.92 * 0.2, 1: 1.0}[t]
    assert (windows[:, 2] == windows[:, 3]).all()
    shares = (windows[:, 2] / 100) ** 2
    assert shares.min() == pytest.approx(least, abs=0.02) and shares.min() > least - 0.011
    assert shares.max() == pytest.approx(1, abs=0.03)


def test_result_and_text():
    crop = MinimalistCrop(8)
    results = crop({'img': np.zeros((20, 30, 3), np.uint8)})
    assert results['img'].shape == (8, 8, 3) and 'bicubic' in repr(crop) and '(0.08, 1.0)' in repr(crop)


def test_a_process_that_was_there_before_knows_it_too():
    crop = MinimalistCrop(8)
    loader = torch.utils.data.DataLoader(Progress(crop), num_workers=1, persistent_workers=True)
    assert [float(t) for t in loader] == [0]
    crop.set_progress(0.5)
    assert [float(t) for t in loader] == [0.5]


class Progress(torch.utils.data.Dataset):
    """What a worker reads."""

    def __init__(self, crop):
        self.crop = crop

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return self.crop.progress.clone()


@pytest.mark.parametrize('least', [0, 1.5, None])
def test_another_share_is_refused(least):
    with pytest.raises(ValueError, match='least'):
        MinimalistCrop(8, least=least)
    assert pickle.loads(pickle.dumps(MinimalistCrop(8))).least == 0.08

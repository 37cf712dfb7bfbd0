"""The pass over the images, with sums of pixels as features."""

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate

from mmlongtail.datasets.feature_file import FeatureFile
from mmlongtail.engine import feature_building
from mmlongtail.engine.feature_building import TrunkPass


class Noise:
    """Three images of random pixels."""

    def __len__(self):
        return 3

    def __getitem__(self, i):
        return dict(inputs=torch.tensor(np.random.rand(4) + 10 * i, dtype=torch.float32), data_samples=i)


def compute(batch) -> torch.Tensor:
    """Two rows an image: its sum, and its sum with noise of the preprocessor."""
    sums = torch.stack(batch['inputs']).sum(1, keepdim=True)
    return torch.cat([sums, sums + torch.rand_like(sums)])


@pytest.fixture
def filled(tmp_path):
    def fill(name, **settings) -> FeatureFile:
        file = FeatureFile(tmp_path / name)
        file.allocate(views=2, images=3, shape=(2, 1), storage='float32', chunk=4, about={})
        TrunkPass(Noise(), 2, pseudo_collate, compute).fill(file, **dict(dict(num_workers=0), **settings))
        return file

    return fill


def rows(file) -> list:
    return [file.read(view, image).flatten().tolist() for view in range(2) for image in range(3)]


def test_each_view_of_each_image_in_its_place(filled):
    file = filled('a')
    assert file.missing() == []
    for row, (total, noisy) in enumerate(rows(file)):
        assert 40 * (row % 3) < total < 40 * (row % 3) + 4 and 0 < noisy - total < 1
    assert len({total for total, _ in rows(file)}) == 6
    torch.manual_seed(9)
    assert rows(filled('b')) == rows(file) == rows(filled('c', num_workers=1))


def test_ranks_share_the_chunks(filled, monkeypatch):
    whole = rows(filled('whole'))
    monkeypatch.setattr(feature_building, 'get_world_size', lambda: 2)
    monkeypatch.setattr(feature_building, 'get_rank', lambda: 1)
    file = filled('half')
    assert file.missing() == [0]
    monkeypatch.setattr(feature_building, 'get_rank', lambda: 0)
    TrunkPass(Noise(), 2, pseudo_collate, compute).fill(file, num_workers=0)
    assert file.missing() == [] and rows(file) == whole


def test_a_signal_keeps_what_is_done(filled, tmp_path):
    with pytest.raises(SystemExit) as error:
        filled('a', asked=lambda: 15)
    assert error.value.code == 143 and FeatureFile(tmp_path / 'a').load().missing() == [1]

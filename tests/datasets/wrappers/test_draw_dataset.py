"""Draws and the data set that takes them: the same sample in any process, and no trace in anybody's randomness."""

import random

import numpy as np
import pytest
import torch
from mmengine.dataset import BaseDataset
from mmpretrain.registry import DATASETS
from mmpretrain.structures import DataSample
from torch.utils.data import DataLoader

from mmlongtail.datasets.draws import Draw
from mmlongtail.datasets.wrappers import DrawDataset
from mmlongtail.structures import ClassStatistics


def noise(_):
    """Three numbers, one of each generator that a transform may use."""
    return [random.random(), float(np.random.rand()), float(torch.rand(()))]


def pack(info):
    return dict(inputs=torch.tensor([info['sample_idx'], *noise(info)]), data_samples=DataSample())


@DATASETS.register_module()
class NoisyDataset(BaseDataset):
    METAINFO = dict(classes=['a', 'b', 'c'])

    def __init__(self, pack=pack, **kwargs):
        super().__init__(pipeline=[pack], **kwargs)

    def load_data_list(self):
        return [dict(gt_label=[i % 3]) for i in range(6)]

    def get_cat_ids(self, index):
        return self.get_data_info(index)['gt_label']


@pytest.fixture
def dataset():
    return DATASETS.build(dict(type='DrawDataset', dataset=dict(type='NoisyDataset')))


def load(dataset, draws, workers):
    loader = DataLoader(dataset, batch_size=2, sampler=draws, num_workers=workers, collate_fn=list)
    items = [item for batch in loader for item in batch]
    return torch.stack([item['inputs'] for item in items]), [item['data_samples'].stream for item in items]


def test_samples_do_not_depend_on_workers_or_on_what_came_before(dataset):
    draws = [Draw(i % 6, 'ab'[i % 2], 1000 + i) for i in range(10)]
    inputs, streams = load(dataset, draws, workers=0)
    assert streams == ['a', 'b'] * 5
    assert inputs[:, 0].tolist() == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3]
    assert len(inputs[:, 1:].unique()) == 30
    assert load(dataset, draws, workers=2)[0].equal(inputs)
    torch.manual_seed(7)
    assert load(dataset, draws[4:], workers=0)[0].equal(inputs[4:])


def test_all_three_generators_follow_the_draws_seed_alone(dataset):
    first, again, other = (dataset[Draw(2, 'a', seed)]['inputs'] for seed in (5, 5, 6))
    assert first.equal(again)
    assert (first[1:] != other[1:]).all()


def test_callers_generators_stay_as_they_were(dataset):
    def states():
        return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()

    before = states()
    dataset[Draw(0, 'a', 1)]
    assert states() == before
    broken = DrawDataset(NoisyDataset(pack=lambda info: noise(info)[9]))
    with pytest.raises(IndexError):
        broken[Draw(0, 'a', 1)]
    assert states() == before


def test_plain_index_has_no_stream_and_is_not_seeded(dataset):
    item, again = dataset[3], dataset[3]
    assert 'stream' not in item['data_samples']
    assert (item['inputs'][1:] != again['inputs'][1:]).all()


def test_is_its_inner_data_set_to_everybody_else(dataset):
    inner = dataset.dataset
    assert isinstance(inner, NoisyDataset)
    assert len(dataset) == 6
    assert dataset.metainfo == inner.metainfo
    assert dataset.get_data_info(4) == inner.get_data_info(4)
    assert dataset.get_cat_ids(4) == [1]
    assert ClassStatistics.from_dataset(dataset).class_counts.tolist() == [2, 2, 2]
    lazy = DrawDataset(dict(type='NoisyDataset', lazy_init=True))
    lazy.full_init()
    assert lazy.dataset._fully_initialized


@pytest.mark.parametrize('item', [dict(inputs=1), [1]])
def test_item_without_data_samples_is_an_error(item):
    dataset = DrawDataset(NoisyDataset(pack=lambda info: item))
    with pytest.raises(TypeError, match='NoisyDataset gave none: its pipeline must end with PackInputs'):
        dataset[Draw(0, 'a', 1)]

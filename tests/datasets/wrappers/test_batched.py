"""Batches from memory equal what the inner data set and the host's loader give."""

import numpy as np
import pytest
import torch
from mmengine.dataset import default_collate
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmpretrain.datasets import BaseDataset
from mmpretrain.registry import DATASETS
from torch.utils.data import DataLoader

from mmlongtail.datasets.draws import Draw
from mmlongtail.datasets.wrappers.batched import BatchedDataset, ready_batch_collate
from mmlongtail.structures import ClassStatistics

PACK = [dict(type='PackInputs')]


@DATASETS.register_module()
class NoiseForBatches(BaseDataset):
    """Twenty pictures of noise of four classes; counts how often one is read."""

    METAINFO = dict(classes=('a', 'b', 'c', 'd'))

    def __init__(self, pipeline=PACK, **kwargs):
        self.reads = 0
        super().__init__(ann_file='', pipeline=pipeline, **kwargs)

    def load_data_list(self):
        pictures = np.random.default_rng(0).integers(0, 256, (20, 6, 8, 3), dtype=np.uint8)
        return [dict(img=picture, gt_label=i % 3) for i, picture in enumerate(pictures)]

    def __getitem__(self, index):
        self.reads += 1
        return super().__getitem__(index)


@pytest.fixture
def inner():
    return NoiseForBatches()


def test_a_loader_gives_what_the_host_gives(inner):
    batches = DataLoader(BatchedDataset(inner), 6, collate_fn=ready_batch_collate)
    host = DataLoader(NoiseForBatches(), 6, collate_fn=default_collate)
    for ours, theirs in zip(batches, host, strict=True):
        assert ours['inputs'].dtype == torch.uint8 and torch.equal(ours['inputs'], theirs['inputs'])
        for one, other in zip(ours['data_samples'], theirs['data_samples'], strict=True):
            assert torch.equal(one.gt_label, other.gt_label) and one.sample_idx == other.sample_idx


def test_pictures_are_read_once_and_only_when_needed(inner):
    batched = BatchedDataset(inner)
    assert len(batched) == 20 and batched.metainfo['classes'] == ('a', 'b', 'c', 'd') and inner.reads == 0
    batched.full_init()
    batched.full_init()
    for _ in range(3):
        batched.__getitems__([1, 2])
    assert inner.reads == 20


def test_what_a_model_writes_does_not_come_back(inner):
    batched = BatchedDataset(inner)
    first = batched.__getitems__([4, 4])['data_samples']
    first[0].set_gt_score(torch.ones(4))
    first[0].set_gt_label(3)
    first[0].set_metainfo(dict(stream='u'))
    again = batched.__getitems__([4])['data_samples'][0]
    for sample in (first[1], again):
        assert 'gt_score' not in sample and 'stream' not in sample and sample.gt_label.tolist() == [1]
    batched[4]['inputs'].zero_()
    assert torch.equal(batched[4]['inputs'], inner[4]['inputs'])


def test_draws_tell_their_stream(inner):
    batch = BatchedDataset(inner).__getitems__([Draw(7, 'uniform', 3), 2, Draw(7, 'balanced', 5)])
    assert [sample.get('stream') for sample in batch['data_samples']] == ['uniform', None, 'balanced']
    for picture, index in zip(batch['inputs'], (7, 2, 7)):
        assert torch.equal(picture, inner[index]['inputs'])


def test_class_counts_are_the_inner_ones(inner):
    statistics = ClassStatistics.from_dataset(BatchedDataset(inner))
    np.testing.assert_array_equal(statistics.class_counts, [7, 7, 6, 0])


def test_loader_from_a_config():
    config = dict(
        batch_size=8,
        num_workers=0,
        sampler=dict(type='UniformSampler'),
        collate_fn=dict(type='ready_batch_collate'),
        dataset=dict(type='BatchedDataset', dataset=dict(type='NoiseForBatches')),
    )
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        batches = list(Runner.build_dataloader(config, seed=0))
    assert [len(batch['data_samples']) for batch in batches] == [8, 8, 4]
    seen = [sample.sample_idx for batch in batches for sample in batch['data_samples']]
    assert sorted(seen) == list(range(20)) != seen


def test_single_items_are_collated_as_by_the_host(inner):
    """A wrapper that knows no batches still works with the same loader."""
    batched = BatchedDataset(inner)
    batch = ready_batch_collate([batched[3], batched[5]])
    assert torch.equal(torch.stack(batch['inputs']), batched.__getitems__([3, 5])['inputs'])


@pytest.mark.parametrize(
    'pipeline, words',
    [
        ([dict(type='RandomResize', scale=(9, 9), ratio_range=(1, 3)), *PACK], 'one size'),
        ([dict(type='Normalize', mean=[0, 0, 0], std=[1, 1, 1]), *PACK], 'float32'),
    ],
)  # fmt: skip
def test_other_pictures_are_refused(pipeline, words):
    np.random.seed(0)
    with pytest.raises(ValueError, match=words):
        BatchedDataset(NoiseForBatches(pipeline)).full_init()

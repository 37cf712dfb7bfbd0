"""Re-sampled data sets against the samplers that they stand for, in one process, in workers and in two ranks."""

import copy
from multiprocessing.reduction import ForkingPickler

import numpy as np
import pytest
import torch
from mmengine.dataset import BaseDataset
from mmpretrain.registry import DATA_SAMPLERS, DATASETS
from torch.utils.data import DataLoader, DistributedSampler

from mmlongtail.datasets.wrappers import CBENDataset, ResampledDataset
from mmlongtail.structures import ClassStatistics

CLASS_AWARE = dict(type='ClassAwareSampler', reduce=1)
SAMPLERS = [dict(type='CBENSampler'), dict(type='UniformSampler'), CLASS_AWARE]


@DATASETS.register_module()
class NumberedDataset(BaseDataset):
    """25 images of class a, 5 of b, 1 of c; an item is its own number."""

    METAINFO = dict(classes=['a', 'b', 'c'])

    def __init__(self, **kwargs):
        super().__init__(pipeline=[lambda info: info['sample_idx']], **kwargs)

    def load_data_list(self):
        return [dict(gt_label=int(i > 24) + int(i > 29)) for i in range(31)]

    def get_cat_ids(self, index):
        return [self.get_data_info(index)['gt_label']]


class BatchDataset(NumberedDataset):
    """Which makes whole batches."""

    def __getitems__(self, indices):
        return dict(inputs=torch.tensor(indices))


def orders(sampler, seed, epochs=3):
    """What the sampler itself draws."""
    alone = DATA_SAMPLERS.build(dict(sampler, dataset=NumberedDataset(), seed=seed))
    return [alone.order(epoch).tolist() for epoch in range(epochs)]


def build(**kwargs):
    return ResampledDataset(dict(type='NumberedDataset'), **kwargs)


def epochs_of(dataset, loader, epochs=3):
    """What the loader gives in each epoch."""
    drawn = []
    for epoch in range(epochs):
        dataset.set_epoch(epoch)
        drawn.append(torch.cat(list(loader)).tolist())
    return drawn


@pytest.mark.parametrize('sampler', SAMPLERS)
def test_item_i_is_draw_i(sampler):
    dataset = build(sampler=sampler, seed=7)
    expected = orders(sampler, 7)
    assert len(dataset) == len(expected[0])
    for epoch in (0, 1, 2, 0):
        dataset.set_epoch(epoch)
        assert [dataset[i] for i in range(len(dataset))] == expected[epoch]
    assert expected[0] != expected[1]
    with pytest.raises(IndexError):
        dataset[len(dataset)]


def test_draws_depend_on_the_seed():
    dataset = build(sampler=SAMPLERS[0], seed=1)
    first = list(dataset.draws)
    dataset.seed = 2
    assert list(dataset.draws) == orders(SAMPLERS[0], 2)[0] != first


@pytest.mark.parametrize(
    'workers', [dict(), dict(num_workers=2), dict(num_workers=1, persistent_workers=True)]
)
def test_epoch_reaches_every_worker(workers):
    dataset = build(sampler=SAMPLERS[0], seed=3)
    loader = DataLoader(dataset, batch_size=4, **workers)
    assert epochs_of(dataset, loader) == orders(SAMPLERS[0], 3)


def test_epoch_reaches_workers_that_were_not_forked():
    """A worker that got its data set by pickling, as under spawn."""
    dataset = build(sampler=SAMPLERS[1], seed=3)
    dataset.dataset.pipeline.transforms = []  # a lambda does not pickle
    other = ForkingPickler.loads(ForkingPickler.dumps(dataset))
    dataset.set_epoch(2)
    assert other.draws.tolist() == orders(SAMPLERS[1], 3)[2]


def test_whole_batches_are_made_by_the_inner_data_set():
    sampler = SAMPLERS[0]
    dataset = ResampledDataset(BatchDataset(), sampler, seed=3)
    loader = DataLoader(dataset, batch_size=4, collate_fn=lambda batch: batch['inputs'])
    assert epochs_of(dataset, loader) == orders(sampler, 3)


def test_frequencies_of_the_classes():
    """Over many epochs a class-balanced epoch has as many draws of the one image of c as of the 25 of a."""
    dataset = build(sampler=dict(type='ClassBalancedSampler'), seed=0)
    drawn = np.zeros(31)
    for epoch in range(300):
        dataset.set_epoch(epoch)
        drawn += np.bincount([dataset[i] for i in range(31)], minlength=31)
    shares = [drawn[:25].sum() / 9300, drawn[25:30].sum() / 9300, drawn[30] / 9300]
    assert shares == pytest.approx([1 / 3] * 3, abs=0.02)  # 4 standard deviations


def run_rank(rank):
    np.random.seed(rank)  # ranks must agree on a seed that nobody gave
    dataset = build(sampler=SAMPLERS[0])
    loader = DataLoader(dataset, batch_size=4, sampler=DistributedSampler(dataset, shuffle=False))
    return dict(seed=dataset.seed, drawn=epochs_of(dataset, loader))


def test_two_ranks_draw_the_order_of_one_process(two_ranks):
    ranks = two_ranks(run_rank)
    for epoch, expected in enumerate(orders(SAMPLERS[0], ranks[0]['seed'])):
        union = [
            index for pair in zip(*(rank['drawn'][epoch] for rank in ranks), strict=True) for index in pair
        ]
        assert union == expected + expected[:1]


@pytest.mark.parametrize('sampler', SAMPLERS[:2])
def test_class_counts_are_those_of_the_data(sampler):
    dataset = build(sampler=sampler, seed=0)
    statistics = ClassStatistics.from_dataset(dataset)
    assert statistics.class_counts.tolist() == [25, 5, 1]
    assert (statistics.num_images, statistics.classes) == (31, ('a', 'b', 'c'))
    assert dataset.get_data_info(30)['gt_label'] == 2


def test_class_counts_are_refused_where_they_would_be_wrong():
    dataset = build(sampler=CLASS_AWARE, seed=0)
    with pytest.raises(ValueError, match='ClassAwareSampler draws 75 of 31 images an epoch'):
        ClassStatistics.from_dataset(dataset)


def test_cben_dataset_is_the_wrapper_with_that_sampler():
    config = dict(
        type='CBENDataset', dataset=dict(type='NumberedDataset', lazy_init=True), a=0.9, b=0.05, seed=4
    )
    dataset = DATASETS.build(config)
    assert isinstance(dataset, CBENDataset)
    expected = orders(dict(type='CBENSampler', a=0.9, b=0.05), 4)
    assert dataset.draws.tolist() == expected[0] != orders(dict(type='CBENSampler'), 4)[0]


def test_a_copy_has_an_epoch_of_its_own():
    dataset = build(sampler=SAMPLERS[0], seed=3)
    other = copy.deepcopy(dataset)
    dataset.set_epoch(1)
    assert [list(d.draws) for d in (other, dataset)] == orders(SAMPLERS[0], 3)[:2]


@pytest.mark.parametrize(
    'sampler',
    [
        dict(type='DefaultSampler'),
        dict(type='StreamSampler', streams=dict(a=dict(type='UniformSampler')), epoch_length=4),
    ],
)
def test_sampler_must_draw_single_images(sampler):
    with pytest.raises(ValueError, match=f'{sampler["type"]}.*that draws single images is expected'):
        build(sampler=sampler)

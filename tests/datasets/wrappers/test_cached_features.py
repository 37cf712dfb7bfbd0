"""Features in the place of images, chosen by the draw."""

import pickle

import numpy as np
import pytest
import torch
from mmengine.dataset import BaseDataset
from mmpretrain.datasets.transforms import PackInputs
from mmpretrain.structures import DataSample

from mmlongtail.datasets.draws import Draw
from mmlongtail.datasets.feature_store import FeatureFile
from mmlongtail.datasets.wrappers import BatchedDataset, DrawDataset
from mmlongtail.datasets.wrappers.cached_features import CachedFeatures, ViewDataset, image_marks

VIEWS, IMAGES = 3, 4


def noisy(results: dict) -> dict:
    return dict(results, img=np.random.randint(0, 256, (2, 2, 3), np.uint8), img_shape=(2, 2))


class Tiny(BaseDataset):
    def __init__(self, files=False):
        super().__init__(pipeline=[noisy, PackInputs(meta_keys=('img_path', 'img_shape', 'sample_idx'))])
        self.opened = 0

    def load_data_list(self):
        return [dict(img_path=f'/{i}.jpg', gt_label=[i, i + 1]) for i in range(IMAGES)]


@pytest.fixture
def features(tmp_path) -> FeatureFile:
    """Row r holds r."""
    file = FeatureFile(tmp_path / 'a')
    file.allocate(VIEWS, IMAGES, (1, 2), 'float16', 100, {})
    file.write(0, torch.arange(12.0)[:, None, None].expand(12, 1, 2))
    file.commit()
    return file


def test_items_have_features_and_the_samples_of_the_pipeline(features):
    cached, plain = CachedFeatures(Tiny(), features), Tiny()
    assert len(cached) == IMAGES and cached.metainfo == plain.metainfo
    for i in range(IMAGES):
        item, sample = cached.item(2, i), plain[i]['data_samples']
        assert item['cached'] is True and torch.equal(
            item['inputs'], torch.full((1, 2), 8 + i, dtype=torch.float16)
        )
        assert torch.equal(item['data_samples'].gt_label, sample.gt_label)
        assert item['data_samples'].img_path == sample.img_path
    again = pickle.loads(pickle.dumps(cached))
    assert torch.equal(again.item(1, 3)['inputs'], cached.item(1, 3)['inputs'])


def test_the_seed_of_a_draw_chooses_the_view(features):
    dataset = DrawDataset(dataset=CachedFeatures(Tiny(), features))
    seen = [int(dataset[Draw(1, 'uniform', seed)]['inputs'][0, 0]) for seed in range(60)]
    assert seen == [int(dataset[Draw(1, 'other', seed)]['inputs'][0, 0]) for seed in range(60)]
    counts = np.bincount(seen, minlength=12)
    assert counts[[1, 5, 9]].sum() == 60 and counts[[1, 5, 9]].min() > 8
    assert dataset[Draw(1, 'uniform', 0)]['data_samples'].stream == 'uniform'


def test_without_draws_the_generator_chooses(features):
    cached = CachedFeatures(Tiny(), features)
    np.random.seed(0)
    assert {int(cached[2]['inputs'][0, 0]) for _ in range(40)} == {2, 6, 10}


def test_a_batched_data_set_gives_its_samples(features):
    items = [
        dict(inputs=torch.zeros(3, 2, 2, dtype=torch.uint8), data_samples=DataSample().set_gt_label(i))
        for i in range(IMAGES)
    ]
    inner = BatchedDataset(ListDataset(items))
    inner.full_init()
    item = CachedFeatures(inner, features)[Draw(3, 'uniform', 5)]
    assert item['data_samples'].gt_label.tolist() == [3] and item['data_samples'].stream == 'uniform'
    sample = CachedFeatures(items, features).item(0, 1)['data_samples']
    assert sample.gt_label.tolist() == [1] and sample is not items[1]['data_samples']


class ListDataset(list):
    metainfo = {}


def test_views_are_random_but_always_the_same():
    np.random.seed(0)
    first = [item['inputs'] for item in map(ViewDataset(Tiny(), VIEWS).__getitem__, range(12))]
    np.random.seed(1)
    again = ViewDataset(Tiny(), VIEWS)
    assert all(torch.equal(again[row]['inputs'], first[row]) for row in reversed(range(12)))
    assert len({tuple(x.flatten().tolist()) for x in first}) == 12


def test_marks_are_of_images_not_of_labels(tmp_path):
    class Arrays(BaseDataset):
        value = 0

        def load_data_list(self):
            return [dict(img=np.full(3, self.value), gt_label=i) for i in range(2)]

    class Others(Arrays):
        value = 1

    marks = image_marks(Arrays())
    assert [sorted(mark) for mark in marks] == [['img', 'sample_idx']] * 2
    assert image_marks(Others())[0]['img'].tolist() != marks[0]['img'].tolist()

"""The base configs of the single-label sets, on red pictures in the layout of each set."""

import json
import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmpretrain.registry import DATA_SAMPLERS, DATASETS, METRICS, MODELS

from mmlongtail.datasets.cifar_lt import CIFAR10LT, CIFAR100LT

CONFIGS = Path(__file__).resolve().parents[2] / 'configs/_base_/datasets'
PICTURES = 12
IMAGENET_RED = [(255 - 123.675) / 58.395, -116.28 / 57.12, -103.53 / 57.375]
CIFAR_RED = [(1 - 0.4914) / 0.2023, -0.4822 / 0.1994, -0.4465 / 0.2010]
INATURALIST_RED = [(1 - 0.466) / 0.195, -0.471 / 0.194, -0.380 / 0.192]
RED = {
    'cifar10_lt': CIFAR_RED,
    'cifar100_lt': CIFAR_RED,
    'imagenet_lt': IMAGENET_RED,
    'places_lt': IMAGENET_RED,
    'inaturalist2018': INATURALIST_RED,
}


def cifar_files(cls, key: str) -> None:
    """Two red pictures per class and file."""
    folder = Path('data/cifar') / cls.base_folder
    folder.mkdir(parents=True)
    labels = list(range(len(cls.METAINFO['classes']))) * 2
    data = np.repeat(np.uint8([[255, 0, 0]] * len(labels)), 1024, axis=1)
    for name, _ in cls.train_list + cls.test_list:
        (folder / name).write_bytes(pickle.dumps({'data': data, key: labels}))


def list_files(root: str, name: str) -> None:
    for part in ('train', 'test'):
        lines = ''.join(f'pictures/{i}.png {i}\n' for i in range(PICTURES))
        Path(root, f'{name}_{part}.txt').write_text(lines)


def json_files(root: str) -> None:
    images = [dict(id=i, file_name=f'pictures/{i}.png') for i in range(PICTURES)]
    annotations = [dict(id=i, image_id=i, category_id=i) for i in range(PICTURES)]
    content = dict(images=images, annotations=annotations, categories=[dict(id=k) for k in range(8142)])
    for part in ('train', 'val'):
        Path(root, f'{part}2018.json').write_text(json.dumps(content))


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    """A folder whose ``data/`` has something of every set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp('sets'))
        for root in ('data/imagenet', 'data/places', 'data/inaturalist2018'):
            Path(root, 'pictures').mkdir(parents=True)
            for i in range(PICTURES):
                cv2.imwrite(f'{root}/pictures/{i}.png', np.full((40, 30, 3), (0, 0, 255), np.uint8))
        cifar_files(CIFAR10LT, 'labels')
        cifar_files(CIFAR100LT, 'fine_labels')
        list_files('data/imagenet', 'ImageNet_LT')
        list_files('data/places', 'Places_LT')
        json_files('data/inaturalist2018')
        yield Path.cwd()


@pytest.fixture(params=RED)
def config(request, data, monkeypatch) -> tuple[str, Config]:
    """Name and content of a base config, in the folder with its data."""
    monkeypatch.chdir(data)
    cfg = Config.fromfile(CONFIGS / f'{request.param}.py')
    if 'cifar' in request.param:
        for cls in (CIFAR10LT, CIFAR100LT):
            monkeypatch.setattr(cls, 'max_count', 2)
        for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
            loader.dataset.update(verify=False, imbalance_factor=2)
    return request.param, cfg


def test_pictures_reach_the_network(config):
    """Pipeline and preprocessor together: size, channel order, mean and standard deviation."""
    name, cfg = config
    size = 32 if 'cifar' in name else 224
    preprocessor = MODELS.build(dict(type='ClsDataPreprocessor', **cfg.data_preprocessor))
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        dataset = DATASETS.build(loader.dataset)
        sampler = DATA_SAMPLERS.build(loader.sampler, default_args=dict(dataset=dataset, seed=0))
        chosen = list(sampler)
        assert len(dataset.metainfo['classes']) == cfg.num_classes and len(set(chosen)) == len(dataset)
        batch = preprocessor(pseudo_collate([dataset[i] for i in chosen[:3]]), training=False)
        assert batch['inputs'].shape == (3, 3, size, size)
        assert [s.gt_label.item() for s in batch['data_samples']] == [
            dataset.get_cat_ids(i)[0] for i in chosen[:3]
        ]
        if loader is not cfg.train_dataloader:
            red = torch.tensor(RED[name]).view(3, 1, 1).expand(3, 3, size, size)
            torch.testing.assert_close(batch['inputs'], red, rtol=0, atol=1e-4)


def test_train_and_test_parts_differ(config):
    name, cfg = config
    parts = [DATASETS.build(loader.dataset).split for loader in (cfg.train_dataloader, cfg.test_dataloader)]
    assert parts == ['train', 'val' if name == 'inaturalist2018' else 'test']
    assert cfg.test_dataloader == cfg.val_dataloader and cfg.test_dataloader.dataset.test_mode


def test_metric_is_the_single_label_one(config):
    evaluators = [METRICS.build(config[1][f'{part}_evaluator']) for part in ('val', 'test')]
    assert [evaluator.prefix for evaluator in evaluators] == ['long-tail'] * 2

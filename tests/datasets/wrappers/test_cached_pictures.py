"""Cached images are the uncached ones, in any process, and a changed or damaged one is decoded anew."""

import os
import pickle
from multiprocessing import get_context

import cv2
import numpy as np
import pytest
import torch
from mmpretrain.registry import DATASETS
from PIL import Image
from torch.utils.data import DataLoader

from mmlongtail.datasets import feature_file, picture_cache
from mmlongtail.datasets.wrappers import CachedPictures, DrawDataset
from mmlongtail.files import DiskFullError
from mmlongtail.structures import ClassStatistics

PACK = dict(type='PackInputs')
LOAD = dict(type='LoadImageFromFile')


@pytest.fixture
def folder(tmp_path):
    """Six pictures: wide, high, tiny, gray, with a turn in its EXIF, and a PNG; their list has two classes."""
    rng = np.random.default_rng(0)
    for i, (height, width) in enumerate([(60, 90), (90, 61), (9, 5), (40, 50), (50, 70), (45, 45)]):
        picture = Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
        exif = Image.Exif()
        exif[0x0112] = 6 if i == 4 else 1
        name = tmp_path / (f'{i}.png' if i == 5 else f'{i}.jpg')
        picture.convert('L' if i == 3 else 'RGB').save(name, exif=exif)
    (tmp_path / 'list.csv').write_text(
        ''.join(f'{i}.{"png" if i == 5 else "jpg"},{i % 2}\n' for i in range(6))
    )
    return tmp_path


def plain(folder, *pipeline) -> dict:
    return dict(
        type='ListFileDataset',
        data_root=str(folder),
        ann_file='list.csv',
        classes=['a', 'b'],
        pipeline=[*(pipeline or [LOAD]), PACK],
    )


def cached(folder, *pipeline, **settings) -> CachedPictures:
    dataset = CachedPictures(plain(folder, *pipeline), str(folder / 'cache'), **settings)
    dataset.full_init()
    return dataset


def inputs(dataset) -> list[torch.Tensor]:
    return [dataset[i]['inputs'] for i in range(len(dataset))]


def assert_equal(dataset, expected) -> None:
    for i in range(len(expected)):
        found, wanted = dataset[i], expected[i]
        assert torch.equal(found['inputs'], wanted['inputs'])
        for key in ('ori_shape', 'img_shape', 'img_path', 'sample_idx'):
            assert found['data_samples'].get(key) == wanted['data_samples'].get(key), key
        assert torch.equal(found['data_samples'].gt_label, wanted['data_samples'].gt_label)


@pytest.fixture
def no_decoding(monkeypatch):
    """From when it is called, nothing can be decoded."""
    return lambda: monkeypatch.setattr(cv2, 'imdecode', None)


def test_samples_are_the_uncached_ones_and_nothing_is_decoded_twice(folder, no_decoding):
    expected = [DATASETS.build(plain(folder))[i] for i in range(6)]
    dataset = cached(folder)
    assert_equal(dataset, expected)
    no_decoding()
    assert_equal(dataset, expected)
    picture_cache._opened.cache_clear()  # as another run does
    assert_equal(cached(folder), expected)
    assert_equal(pickle.loads(pickle.dumps(dataset)), expected)


def test_a_short_side_is_the_hosts_resize_of_larger_images(folder, no_decoding):
    uncached = DATASETS.build(plain(folder, LOAD, dict(type='ResizeEdge', scale=40)))
    whole = DATASETS.build(plain(folder))
    dataset = cached(folder, short_side=40)
    for i, image in enumerate(inputs(dataset)):
        assert torch.equal(image, (whole if i == 2 else uncached)[i]['inputs'])
    no_decoding()
    assert len(inputs(dataset)) == 6
    assert len(list((folder / 'cache').glob('*/entry.json'))) == 1


@pytest.mark.parametrize(
    'load', [dict(LOAD, color_type='grayscale'), dict(type='LoadReducedImage', least_side=20)]
)
def test_other_loads_have_caches_of_their_own(folder, load, no_decoding):
    inputs(cached(folder))
    expected = [DATASETS.build(plain(folder, load))[i] for i in range(6)]
    dataset = cached(folder, load)
    assert_equal(dataset, expected)
    no_decoding()
    assert_equal(dataset, expected)


def test_a_reduced_image_that_is_resized_fits_into_its_room(folder, no_decoding):
    for i, sides in enumerate([(301, 403), (299, 997), (163, 161), (640, 479)]):
        Image.new('RGB', sides).save(folder / f'{i}.jpg')
    dataset = cached(folder, dict(type='LoadReducedImage', least_side=41), short_side=41)
    first = inputs(dataset)
    no_decoding()
    assert all(map(torch.equal, inputs(dataset), first))


def test_a_changed_image_is_read_anew(folder):
    before = inputs(cached(folder))
    status = os.stat(folder / '0.jpg')
    Image.fromarray(np.zeros((60, 90, 3), np.uint8)).save(folder / '0.jpg')
    os.utime(folder / '0.jpg', ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    after = inputs(cached(folder))
    assert after[0].max() == 0 < before[0].max()
    assert all(map(torch.equal, after[1:], before[1:]))


def test_damaged_pixels_and_half_written_ones_are_decoded_anew(folder, monkeypatch):
    dataset = cached(folder)
    expected = inputs(dataset)
    picture_cache._opened.cache_clear()
    (file,) = (folder / 'cache').glob('*/pixels')
    with open(file, 'r+b') as opened:
        opened.seek(100)
        opened.write(b'\0\1\2')
    told = []
    monkeypatch.setattr(picture_cache, 'print_log', lambda words, *_: told.append(words))
    assert all(map(torch.equal, inputs(dataset), expected))
    assert len(told) == 1 and 'image 0 is damaged and is decoded anew' in told[0]
    picture_cache._opened.cache_clear()
    assert dataset.dataset.pipeline.transforms[0].cache.read(0) is not None  # mended


@pytest.mark.parametrize('name', ['pixels', 'records', 'entry.json'])
def test_cut_off_files_are_made_anew(folder, name):
    expected = inputs(cached(folder))
    (file,) = (folder / 'cache').glob(f'*/{name}')
    os.truncate(file, file.stat().st_size // 2)
    picture_cache._opened.cache_clear()
    dataset = cached(folder)
    assert dataset.dataset.pipeline.transforms[0].cache.count() == 0
    assert all(map(torch.equal, inputs(dataset), expected))


def first_then_all(folder, barrier) -> None:
    dataset = cached(folder)
    barrier.wait(30)
    expected = inputs(DATASETS.build(plain(folder)))
    for _ in range(20):
        assert all(map(torch.equal, inputs(dataset), expected))


def test_two_processes_at_once(folder):
    context = get_context('fork')
    barrier = context.Barrier(2)
    processes = [context.Process(target=first_then_all, args=(folder, barrier)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert len(list((folder / 'cache').glob('*/entry.json'))) == 1


def test_workers_fill_it_for_all(folder, no_decoding):
    dataset = DrawDataset(cached(folder, LOAD, dict(type='Resize', scale=(8, 8)), short_side=20))
    batches = list(DataLoader(dataset, 2, num_workers=2, collate_fn=list, multiprocessing_context='fork'))
    no_decoding()
    assert [len(batch) for batch in batches] == [2, 2, 2] and len(inputs(dataset)) == 6


def test_labels_are_the_inner_ones(folder):
    config = dict(type='CachedPictures', folder=str(folder / 'cache'), dataset=plain(folder))
    assert list(ClassStatistics.from_dataset(DATASETS.build(config)).class_counts) == [3, 3]


def test_limits_are_told(folder, monkeypatch):
    with pytest.raises(ValueError, match='limit_gb is 1e-09, expected at least the'):
        cached(folder, limit_gb=1e-9)
    monkeypatch.setattr(feature_file, 'KEPT_FREE', 2**60)
    with pytest.raises(
        DiskFullError, match='the decoded images have .* GiB, but the disk only .* short_side'
    ):
        cached(folder)


@pytest.mark.parametrize(
    'pipeline, settings, words',
    [
        ([dict(type='Resize', scale=4)], {}, 'begins with Resize.*expects'),
        ([LOAD], dict(short_side=0), 'short_side is 0'),
        ([LOAD], dict(limit_gb=-1), 'limit_gb is -1'),
    ],
)
def test_bad_settings_are_named(folder, pipeline, settings, words):
    with pytest.raises(ValueError, match=words):
        cached(folder, *pipeline, **settings)

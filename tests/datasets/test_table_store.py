"""A list that is kept: equal to what is read, one copy for all, made anew where it is damaged or the list changes."""

import os
from multiprocessing import get_context

import numpy as np
import pytest
from mmpretrain.registry import DATASETS

import mmlongtail  # noqa: F401
from mmlongtail.datasets import list_file
from mmlongtail.structures import ClassStatistics

LINES = ['a.jpg,owl|cat', 'sub/b é.jpg,dog', 'c.jpg,', 'd.jpg,dog|owl']


@pytest.fixture
def root(tmp_path):
    (tmp_path / 'sub').mkdir()
    for line in LINES:
        (tmp_path / line.split(',')[0]).touch()
    (tmp_path / 'l.csv').write_text('\n'.join(LINES), encoding='utf-8')
    return tmp_path


def build(root, **settings):
    config = dict(type='ListFileDataset', ann_file='l.csv', data_root=str(root), **settings)
    return DATASETS.build(config)


def kept(root, **settings):
    return build(root, list_cache=str(root / 'kept'), **settings)


def infos(dataset) -> list[dict]:
    return [dataset.get_data_info(i) for i in range(len(dataset))]


@pytest.mark.parametrize('classes', [None, ['cat', 'dog', 'owl', 'elk']])
def test_the_same_is_read_and_kept(root, classes, monkeypatch):
    plain, first = build(root, classes=classes), kept(root, classes=classes)
    monkeypatch.setattr(list_file, 'read_rows', None)  # nothing is read again
    for dataset in (first, kept(root, classes=classes)):
        assert infos(dataset) == infos(plain) and dataset.metainfo == plain.metainfo
        counts = [ClassStatistics.from_dataset(d).class_counts.tolist() for d in (dataset, plain)]
        assert counts[0] == counts[1]


def test_arrays_are_mapped(root):
    names = kept(root).data_list.names
    assert isinstance(names.base, np.memmap) and not names.flags.writeable


def test_a_changed_list_or_setting_is_read(root):
    kept(root)
    assert kept(root, classes=['owl', 'dog', 'cat']).get_data_info(0)['gt_label'] == [0, 2]
    (root / 'l.csv').write_text('a.jpg,owl')
    assert len(kept(root)) == 1


@pytest.mark.parametrize('name', ['names.npy', 'classes.npy', 'class_ends.npy', 'entry.json'])
@pytest.mark.parametrize('left', [0, 140])
def test_a_damaged_one_is_made_anew(root, name, left):
    expected = infos(kept(root))
    (path,) = (root / 'kept').glob(f'*/{name}')
    whole = path.read_bytes()
    os.truncate(path, min(left, len(whole) - 1))
    assert infos(kept(root)) == expected and path.read_bytes() == whole


def test_a_faulty_list_leaves_nothing(root):
    (root / 'l.csv').write_text('a.jpg,owl\nc.jpg,"dog')
    for _ in range(2):
        with pytest.raises(ValueError, match=r'l\.csv, line 2: '):
            kept(root)
    (root / 'l.csv').write_text('')
    with pytest.raises(ValueError, match=r'l\.csv: no image'):
        kept(root, classes=['owl'])
    (root / 'l.csv').unlink()
    with pytest.raises(FileNotFoundError, match=r'l\.csv is missing: a list of images'):
        kept(root)
    assert not [*root.glob('kept/*/*')]


def test_an_image_that_vanished_is_still_found_out(root):
    kept(root)
    (root / 'c.jpg').unlink()
    with pytest.raises(FileNotFoundError, match=r'1 of 4 images are missing: .*c\.jpg'):
        kept(root)
    assert len(kept(root, broken_images='skip_missing')) == 3


def test_images_without_labels(root):
    (root / 'l.csv').write_text('a.jpg\nc.jpg')
    for _ in range(2):
        assert [i['gt_label'] for i in infos(kept(root, classes=['owl']))] == [[], []]


def test_processes_that_start_at_once_read_it_once(root, monkeypatch):
    reads = root / 'reads'
    read = list_file.read_rows

    def counted(*args):
        with reads.open('a') as file:
            file.write('x')
        return read(*args)

    monkeypatch.setattr(list_file, 'read_rows', counted)
    workers = [get_context('fork').Process(target=kept, args=(root,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0] and reads.read_text() == 'x'


def test_setting_is_checked(root):
    with pytest.raises((TypeError, ValueError), match='list_cache.*text or None'):
        build(root, list_cache=3)

"""The scan finds what is broken, decodes nothing twice, and sees every change."""

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.dataset import ConcatDataset, RepeatDataset
from mmpretrain.registry import DATASETS

from mmlongtail.datasets import picture_scan
from mmlongtail.datasets.list_file import ListFileDataset
from mmlongtail.datasets.picture_scan import check_pictures, picture_paths, scan_pictures
from mmlongtail.datasets.wrappers import CachedFeatures, LongTailSubset

BROKEN = 'does not decode as an image'


@pytest.fixture
def folder(tmp_path) -> Path:
    """Pictures 0 to 5 in folders of two classes; number 3 is text."""
    for i in range(6):
        path = tmp_path / 'pictures' / 'ab'[i % 2] / f'{i}.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.full((8, 8, 3), 40 * i, np.uint8))
    (tmp_path / 'pictures' / 'b' / '3.png').write_text('no picture')
    return tmp_path


@pytest.fixture
def decoded(monkeypatch) -> list[str]:
    """The names of the pictures that are decoded."""
    names, original = [], picture_scan.picture_fault
    monkeypatch.setattr(
        picture_scan, 'picture_fault', lambda p, *a: names.append(Path(p).name) or original(p, *a)
    )
    return names


def paths_in(folder: Path) -> list[str]:
    return sorted(map(str, (folder / 'pictures').rglob('*.png')))


def test_what_is_wrong_by_path(folder):
    paths = [*paths_in(folder), str(folder / 'none.png'), str(folder / 'pictures')]
    expected = {str(folder / 'pictures/b/3.png'): BROKEN, paths[-2]: 'is missing', paths[-1]: BROKEN}
    assert scan_pictures(paths) == scan_pictures(paths, workers=1) == expected
    assert list(scan_pictures(paths)) == list(expected) and scan_pictures([]) == {}
    assert len(scan_pictures(paths, max_pixels=63)) == 8


def test_more_pictures_than_a_thread_takes_at_once(folder, monkeypatch):
    monkeypatch.setattr(picture_scan, 'AT_ONCE', 2)
    assert scan_pictures(paths_in(folder)) == {str(folder / 'pictures/b/3.png'): BROKEN}


def test_what_was_found_is_kept_until_a_picture_changes(folder, decoded):
    cache, paths = folder / 'new' / 'scan.json', paths_in(folder)
    fault = {str(folder / 'pictures/b/3.png'): BROKEN}
    assert scan_pictures(paths[:4], cache) == {} and len(decoded) == 4
    assert scan_pictures(paths, cache) == fault and sorted(decoded[4:]) == ['3.png', '5.png']
    written = cache.stat().st_mtime_ns
    assert scan_pictures(paths, cache) == fault
    relative = [os.path.relpath(path) for path in paths]
    assert scan_pictures(relative, cache) == {os.path.relpath(path): BROKEN for path in fault}
    assert len(decoded) == 6 and cache.stat().st_mtime_ns == written
    (folder / 'pictures/b/3.png').write_bytes((folder / 'pictures/b/1.png').read_bytes())
    os.utime(folder / 'pictures/a/0.png', ns=(1, 1))
    assert scan_pictures(paths, cache) == {} and sorted(decoded[6:]) == ['0.png', '3.png']
    assert len(scan_pictures(paths, cache, max_pixels=63)) == 6  # another limit looks again
    assert not list(cache.parent.glob('*.part'))


@pytest.mark.parametrize('content', ['', '[', '[]', '{"reader": 3}', '{"pictures": {}}'])
def test_a_damaged_or_strange_cache_is_none(folder, decoded, content):
    (folder / 'scan.json').write_text(content)
    assert len(scan_pictures(paths_in(folder), folder / 'scan.json')) == 1 and len(decoded) == 6
    assert len(json.loads((folder / 'scan.json').read_text())['pictures']) == 6


def test_a_cache_that_cannot_be_written_is_a_warning(folder, monkeypatch):
    logged = []
    monkeypatch.setattr(picture_scan, 'print_log', lambda message, *_: logged.append(message))
    (folder / 'file').touch()
    assert len(scan_pictures(paths_in(folder), folder / 'file' / 'scan.json')) == 1
    assert logged[0] == 'decoding 6 images' and 'is not written' in logged[-1]


@pytest.fixture
def sets(folder) -> dict:
    """A set of a folder per class, and lists of all pictures and of the sound ones."""
    pictures = folder / 'pictures'
    names = [str(path.relative_to(pictures)) for path in sorted(pictures.rglob('*.png'))]
    (folder / 'all.csv').write_text('\n'.join(f'{name},{name[0]}' for name in names))
    (folder / 'sound.csv').write_text('\n'.join(f'{name},{name[0]}' for name in names if '3' not in name))
    common = dict(data_root=str(folder), data_prefix='pictures', serialize_data=False)
    return dict(
        folders=DATASETS.build(dict(type='CustomDataset', data_root=str(pictures), serialize_data=False)),
        all=ListFileDataset('all.csv', **common),
        sound=ListFileDataset('sound.csv', **common),
        small=ListFileDataset('sound.csv', max_pixels=63, **common),
    )


def test_pictures_of_data_sets_in_wrappers(folder, sets):
    everything = set(paths_in(folder))
    for dataset in (sets['folders'], sets['all'], RepeatDataset(sets['all'], 3)):
        assert set(picture_paths(dataset)) == everything and len(picture_paths(dataset)) == 6
    assert set(picture_paths(ConcatDataset([sets['all'], sets['sound']]))) == everything
    assert len(picture_paths(LongTailSubset(sets['folders'], 3, max_count=3))) == 4
    assert picture_paths(CachedFeatures(sets['all'], None)) == []  # they were decoded for the features
    digits = DATASETS.build(dict(type='LongTailDigits', max_count=5, serialize_data=False))
    assert picture_paths(digits) == [] and check_pictures(digits) == 0


def test_check_names_what_cannot_be_used(folder, sets):
    assert check_pictures(RepeatDataset(sets['sound'], 2), folder / 'scan.json') == 5
    with pytest.raises(
        ValueError, match=rf"1 of 6 images cannot be used: .*b/3\.png {BROKEN}.*broken_images='skip'"
    ):
        check_pictures(sets['folders'], folder / 'scan.json')
    with pytest.raises(ValueError, match=r'5 of 5 images .*0\.png is too large \(8 x 8\): .*max_pixels=63'):
        check_pictures(RepeatDataset(sets['small'], 2))

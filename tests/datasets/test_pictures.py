"""Pictures that are missing, do not decode or are listed twice, under both policies."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmlongtail.datasets import pictures
from mmlongtail.datasets.pictures import PictureDataset, exist
from mmlongtail.structures import ClassStatistics

LOAD = [{'type': 'LoadImageFromFile'}, {'type': 'PackInputs'}]


class Four(PictureDataset):
    """Pictures 0 to 3; picture i shows class i and class 3."""

    METAINFO = {'classes': ('a', 'b', 'c', 'd')}
    ids = (0, 1, 2, 3)

    def load_data_list(self):
        folder = self.data_prefix['img_path']
        return [{'img_id': i, 'img_path': f'{folder}/{i}.jpg', 'gt_label': sorted({i, 3})} for i in self.ids]


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder of four pictures, of which number 1 is not there and number 2 is text."""
    for i in range(4):
        cv2.imwrite(str(tmp_path / f'{i}.jpg'), np.full((8, 8, 3), 50 * i, np.uint8))
    (tmp_path / '1.jpg').unlink()
    (tmp_path / '2.jpg').write_text('no picture')
    return tmp_path


@pytest.fixture
def warnings(monkeypatch) -> list[str]:
    logged = []
    monkeypatch.setattr(pictures, 'print_log', lambda message, *_: logged.append(message))
    return logged


def test_stop_names_the_missing_picture_at_load(folder):
    with pytest.raises(FileNotFoundError, match=r'1 of 4 images are missing: .*1\.jpg.*skip'):
        Four('labels', data_root=str(folder))


@pytest.mark.parametrize('content', [b'no picture', b''])
def test_stop_names_the_broken_picture_when_it_is_read(folder, content):
    (folder / '1.jpg').write_bytes((folder / '0.jpg').read_bytes())
    (folder / '2.jpg').write_bytes(content)
    dataset = Four('labels', data_root=str(folder), pipeline=LOAD)
    assert tuple(dataset[3]['inputs'].shape) == (3, 8, 8)
    with pytest.raises(ValueError, match=r'2\.jpg does not decode'):
        dataset[2]


def test_another_error_of_the_pipeline_stays_itself(folder):
    (folder / '1.jpg').write_bytes((folder / '0.jpg').read_bytes())

    def fails(results):
        raise KeyError('of its own')

    with pytest.raises(KeyError, match='of its own'):
        Four('labels', data_root=str(folder), pipeline=[fails])[0]


def test_skip_leaves_broken_pictures_out_and_counts_right(folder, warnings):
    dataset = Four('labels', data_root=str(folder), broken_images='skip', pipeline=LOAD)
    assert [dataset.get_data_info(i)['img_id'] for i in range(len(dataset))] == [0, 3]
    assert ClassStatistics.from_dataset(dataset).class_counts.tolist() == [1, 0, 0, 2]
    assert '2 of 4 images' in warnings[0] and '1.jpg' in warnings[0] and '2.jpg' in warnings[0]
    assert warnings[1].endswith('2 of 4 classes have no image: b, c')
    assert tuple(dataset[1]['data_samples'].gt_label) == (3,)


def test_nothing_left_is_an_error(folder, warnings):
    for picture in folder.iterdir():
        picture.unlink()
    with pytest.raises(ValueError, match='no image in it, or none left'):
        Four('labels', data_root=str(folder), broken_images='skip')


def test_twice_listed_image_is_an_error(folder):
    class Repeats(Four):
        ids = (0, 3, 0)

    with pytest.raises(ValueError, match=r'labels: each image is expected once, listed twice: 0$'):
        Repeats('labels', data_root=str(folder))


def test_missing_data_root_is_reported_with_its_command_but_not_before_use(tmp_path):
    class Prepared(Four):
        prepare_command = 'python tools/data/make_it.py'

    dataset = Prepared('labels', data_root=str(tmp_path / 'nowhere'), lazy_init=True)
    with pytest.raises(FileNotFoundError, match=r'data_root=.*nowhere.*`python tools/data/make_it\.py`'):
        len(dataset)


def test_bad_policy_is_named(folder):
    with pytest.raises(ValueError, match=r"broken_images='ignore'.*'stop', 'skip', 'skip_missing'"):
        Four('labels', data_root=str(folder), broken_images='ignore')


def test_each_folder_is_listed_once(folder, monkeypatch):
    calls, listdir = [], os.listdir
    monkeypatch.setattr(os, 'listdir', lambda path: calls.append(path) or listdir(path))
    paths = [f'{folder}/{i}.jpg' for i in range(5)] + [f'{folder}/no/such.jpg']
    assert exist(paths) == [True, False, True, True, False, False]
    assert calls == [str(folder)]


@pytest.mark.parametrize('name', ['../out.jpg', 'in/../../out.jpg', '{folder}/out.jpg'])
def test_paths_that_leave_the_root_need_a_switch(tmp_path, name):
    for path in ('out.jpg', 'root/in/a.jpg'):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    name = name.format(folder=tmp_path)

    class Named(PictureDataset):
        METAINFO = {'classes': ('a',)}

        def load_data_list(self):
            path = os.path.join(self.data_prefix.get('img_path') or '', name)
            return [{'img_id': 0, 'img_path': path, 'gt_label': [0]}]

    root = dict(data_root=str(tmp_path / 'root'), data_prefix='')
    with pytest.raises(ValueError, match=r'labels: .*out\.jpg.* is outside .*root.*allow_outside_root=True'):
        Named('labels', **root)
    assert len(Named('labels', allow_outside_root=True, **root)) == 1
    if name.startswith('/'):
        assert len(Named('labels')) == 1  # no root, so nothing is outside
        assert len(Named('labels', data_prefix=str(tmp_path))) == 1


def test_folder_of_pictures_beside_the_root(tmp_path):
    for path in ('root/a', 'beside/0.jpg', 'beside/3.jpg'):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    root = str(tmp_path / 'root')

    class Two(Four):
        ids = (0, 3)

    assert len(Two('labels', data_root=root, data_prefix=str(tmp_path / 'beside'))) == 2
    assert (
        len(Two('labels', data_root=root, data_prefix='../beside')) == 2
    )  # the config says so, not the list


def test_too_many_pixels_are_not_decoded(folder, monkeypatch):
    (folder / '1.jpg').write_bytes((folder / '0.jpg').read_bytes())
    dataset = Four('labels', data_root=str(folder), pipeline=LOAD, max_pixels=63)
    monkeypatch.setattr(cv2, 'imdecode', None)
    with pytest.raises(
        ValueError, match=r'0\.jpg is too large \(8 x 8\): at most max_pixels=63 are expected'
    ):
        dataset[0]
    monkeypatch.undo()
    assert len(Four('labels', data_root=str(folder), pipeline=LOAD, max_pixels=None)[0]['inputs']) == 3

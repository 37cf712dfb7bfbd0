"""Every form that own data may have, and what is said of others."""

import json

import cv2
import numpy as np
import pytest

from mmlongtail.datasets.own_readers import leave_out_broken, read_own_data


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.zeros((8, 8, 3), np.uint8))


@pytest.fixture
def folder(tmp_path):
    for name in ('cat/1.png', 'cat/deep/2.PNG', 'dog/3.jpg', 'a|b, c/4.jpg'):
        picture(tmp_path / 'mine' / name)
    (tmp_path / 'mine' / 'dog' / 'notes.md').write_text('x')
    (tmp_path / 'mine' / '.hidden').mkdir()
    return tmp_path / 'mine'


def test_a_folder_per_class(folder):
    (folder / 'later').mkdir()
    data = read_own_data(str(folder))
    assert data.kind == 'a folder per class' and data.single_label and data.in_val is None
    assert data.classes == ('a|b, c', 'cat', 'dog')
    assert dict(zip(data.paths, data.labels)) == {
        'a|b, c/4.jpg': (0,),
        'cat/1.png': (1,),
        'cat/deep/2.PNG': (1,),
        'dog/3.jpg': (2,),
    }
    assert data.counts().tolist() == [1, 2, 1]
    assert data.notes == ('folders without images are no classes: later',)


def test_folders_of_both_parts(folder):
    for name in ('train/cat/1.png', 'train/dog/2.png', 'Valid/dog/3.png'):
        picture(folder.parent / 'parts' / name)
    data = read_own_data(str(folder.parent / 'parts'))
    assert data.classes == ('cat', 'dog')
    assert data.in_val.tolist() == [False, False, True] and data.labels[2] == (1,)
    assert all((data.root / path).is_file() for path in data.paths)


def test_a_list(folder):
    (folder / 'all.csv').write_text('path,labels\ncat/1.png,cat|pet\ndog/3.jpg,dog|pet\n')
    data = read_own_data(str(folder / 'all.csv'))
    assert data.kind == 'a list of images and labels' and not data.single_label
    assert data.classes == ('cat', 'dog', 'pet') and data.labels == ((0, 2), (1, 2))


def test_a_list_of_paths_outside_its_folder(folder, tmp_path):
    for name, paths in dict(absolute=folder, upwards='../mine').items():
        source = tmp_path / 'lists' / f'{name}.csv'
        source.parent.mkdir(exist_ok=True)
        source.write_text(f'{paths}/cat/1.png,cat\n{paths}/dog/3.jpg,dog\n')
        data = read_own_data(str(source))
        assert data.root == tmp_path and data.paths == ('mine/cat/1.png', 'mine/dog/3.jpg')


def test_missing_images_are_left_out_up_to_half(folder):
    names = ['cat/1.png', 'dog/3.jpg', 'gone.jpg']
    (folder / 'all.csv').write_text('path,labels\n' + ''.join(f'{name},cat|dog\n' for name in names))
    assert read_own_data(str(folder / 'all.csv')).paths == ('cat/1.png', 'dog/3.jpg')
    (folder / 'dog' / '3.jpg').unlink()
    with pytest.raises(FileNotFoundError, match='2 of 3 images are missing: .*gone.jpg. --pictures names'):
        read_own_data(str(folder / 'all.csv'))


def test_a_list_elsewhere(folder, tmp_path):
    (tmp_path / 'all.txt').write_text('cat/1.png 0\ndog/3.jpg 1\n')
    (tmp_path / 'names.txt').write_text('cat\ndog\n')
    with pytest.raises(FileNotFoundError, match='--pictures names the folder'):
        read_own_data(str(tmp_path / 'all.txt'), classes=str(tmp_path / 'names.txt'))
    data = read_own_data(str(tmp_path / 'all.txt'), str(folder), str(tmp_path / 'names.txt'))
    assert data.single_label and data.classes == ('cat', 'dog') and data.paths[1] == 'dog/3.jpg'


def test_coco(folder):
    content = dict(
        images=[dict(id=1, file_name='cat/1.png'), dict(id=2, file_name='dog/3.jpg')],
        categories=[dict(id=7, name='pet'), dict(id=3, name='dog')],
        annotations=[dict(id=1, image_id=2, category_id=7), dict(id=2, image_id=2, category_id=3)],
    )
    (folder / 'all.json').write_text(json.dumps(content))
    data = read_own_data(str(folder / 'all.json'))
    assert data.kind == 'a COCO-style JSON' and data.classes == ('dog', 'pet') and data.labels == ((), (0, 1))


def test_a_part_of_its_own(folder, tmp_path):
    for name in ('dog/9.png', 'cat/9.png'):
        picture(tmp_path / 'other' / name)
    data = read_own_data(str(folder), val=str(tmp_path / 'other'))
    assert data.in_val.tolist() == [False] * 4 + [True] * 2
    assert data.labels[4:] == ((1,), (2,))  # indices of the training part's classes
    assert data.root == tmp_path and all((data.root / path).is_file() for path in data.paths)


def test_parts_that_do_not_fit(folder, tmp_path):
    with pytest.raises(ValueError, match='4 images are in .* and in '):
        read_own_data(str(folder), val=str(folder))
    picture(tmp_path / 'other' / 'cow' / '1.png')
    with pytest.raises(ValueError, match='other has the classes cow, which .*mine has not'):
        read_own_data(str(folder), val=str(tmp_path / 'other'))


def test_what_is_no_data(folder, tmp_path):
    (tmp_path / 'readme.md').write_text('x')
    (tmp_path / 'none').mkdir()
    with pytest.raises(ValueError, match=r'readme\.md: a folder with a folder of images'):
        read_own_data(str(tmp_path / 'readme.md'))
    with pytest.raises(ValueError, match='none: no folder of images in it: a folder with'):
        read_own_data(str(tmp_path / 'none'))
    with pytest.raises(FileNotFoundError, match='nowhere does not exist'):
        read_own_data(str(folder), val='nowhere')


def test_broken_pictures_are_left_out_and_named(folder):
    (folder / 'cat' / '1.png').write_bytes(b'no picture')
    data = leave_out_broken(read_own_data(str(folder)), folder / 'cache.json')
    assert 'cat/1.png' not in data.paths and len(data.labels) == 3
    assert data.notes[-1].startswith('1 of 4 images are left out: cat/1.png')
    for path in data.paths:
        (folder / path).write_bytes(b'')
    with pytest.raises(ValueError, match='none of 3 images can be used'):
        leave_out_broken(data)

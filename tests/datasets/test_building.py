"""A data set from a config, a list or a JSON."""

import json

import pytest

from mmlongtail.datasets.building import build_dataset


@pytest.fixture
def root(tmp_path):
    (tmp_path / 'a.jpg').touch()
    (tmp_path / 'list.csv').write_text('a.jpg,cat')
    (tmp_path / 'list.txt').write_text('a.jpg 1')
    (tmp_path / 'names.txt').write_text('cat\ndog')
    coco = {
        'images': [{'id': 3, 'file_name': 'a.jpg'}],
        'annotations': [],
        'categories': [{'id': 1, 'name': 'cat'}],
    }
    (tmp_path / 'coco.json').write_text(json.dumps(coco))
    loader = f"dict(dataset=dict(type='ListFileDataset', ann_file='list.csv', data_root={str(tmp_path)!r}))"
    (tmp_path / 'config.py').write_text(f'train_dataloader = {loader}\nval_dataloader = None\n')
    return tmp_path


def test_each_kind_of_source(root):
    config = str(root / 'config.py')
    assert build_dataset(config).get_data_info(0)['gt_label'] == [0]
    for pictures in ('', str(root)):
        assert build_dataset(str(root / 'list.csv'), pictures=pictures).CLASSES == ('cat',)
    listed = build_dataset(str(root / 'list.txt'), pictures=str(root), classes=str(root / 'names.txt'))
    assert listed.CLASSES == ('cat', 'dog') and listed.get_data_info(0)['gt_label'] == [1]
    assert build_dataset(str(root / 'coco.json'), pictures=str(root)).get_data_info(0)['img_id'] == 3


def test_settings_of_the_config_are_overridden(root):
    (root / 'other.csv').write_text('a.jpg,dog')
    options = {'train_dataloader.dataset.ann_file': 'other.csv'}
    assert build_dataset(str(root / 'config.py'), cfg_options=options).CLASSES == ('dog',)


def test_wrong_sources_are_named(root):
    with pytest.raises(ValueError, match=r'config\.py has no val_dataloader'):
        build_dataset(str(root / 'config.py'), 'val')
    (root / 'labels.xml').touch()
    with pytest.raises(ValueError, match=r'labels\.xml: a folder with a folder of images .* is expected'):
        build_dataset(str(root / 'labels.xml'))
    with pytest.raises(FileNotFoundError, match=r'none\.csv does not exist'):
        build_dataset('none.csv')


def test_folder_per_class(root):
    for name in ('dog', 'cat'):
        (root / 'pictures' / name).mkdir(parents=True)
        (root / 'pictures' / name / '1.jpg').touch()
    dataset = build_dataset(str(root / 'pictures'))
    assert dataset.metainfo['classes'] == ('cat', 'dog') and dataset.get_cat_ids(1) == [1]
    (root / 'none' / 'dog').mkdir(parents=True)
    for empty, message in (
        ('pictures/cat', 'no folder of images in it'),
        ('none', 'no folder of images in it'),
    ):
        with pytest.raises(ValueError, match=f'{empty}.*{message}'):
            build_dataset(str(root / empty))


def test_devkit_and_folders_of_both_parts(root):
    for name in (
        'kit/zoo/JPEGImages/1.jpg',
        'parts/train/cat/1.jpg',
        'parts/train/emu/1.jpg',
        'parts/val/cat/2.jpg',
    ):
        (root / name).parent.mkdir(parents=True)
        (root / name).touch()
    xml = root / 'kit' / 'zoo' / 'Annotations' / '1.xml'
    xml.parent.mkdir()
    xml.write_text(
        '<annotation><object><name>yak</name></object><object><name>emu</name></object></annotation>'
    )
    kit, parts = (build_dataset(str(root / name)) for name in ('kit', 'parts'))
    assert kit.metainfo['classes'] == ('emu', 'yak') and kit.get_cat_ids(0) == [0, 1]
    assert kit.get_data_info(0)['img_path'] == str(root / 'kit/zoo/JPEGImages/1.jpg')
    assert parts.metainfo['classes'] == ('cat', 'emu') and len(parts) == 3

"""VOC labels from XML: a synthetic devkit, the published VOC-LT labels, and the real VOC-LT'."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
from mmpretrain.registry import DATASETS

from mmlongtail.datasets.voc_lt import VOCLT
from mmlongtail.structures import MULTI_LABEL, ClassStatistics


def write_image(
    devkit: Path, year: str, img_id: str, objects: list[tuple[str, int]], extra: str = ''
) -> None:
    """Write the XML of (name, difficult) objects and an empty picture file."""
    for folder in ('Annotations', 'JPEGImages'):
        (devkit / year / folder).mkdir(parents=True, exist_ok=True)
    xml = ''.join(f'<object><name>{n}</name><difficult>{d}</difficult>{extra}</object>' for n, d in objects)
    (devkit / year / 'Annotations' / f'{img_id}.xml').write_text(f'<annotation>{xml}</annotation>')
    (devkit / year / 'JPEGImages' / f'{img_id}.jpg').touch()


def labels_of(dataset) -> dict[str, list[int]]:
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    return {info['img_id']: info['gt_label'] for info in infos}


def test_difficult_objects_count_and_parts_do_not(tmp_path):
    part = '<part><name>head</name></part>'
    write_image(tmp_path, 'VOC2012', '2008_1', [('sheep', 1), ('person', 0), ('person', 1)], part)
    write_image(tmp_path, 'VOC2012', '2008_2', [])
    (tmp_path / 'voc_lt_ids.txt').write_text('2008_2\n2008_1\n')
    dataset = VOCLT(str(tmp_path))
    assert list(labels_of(dataset).items()) == [('2008_2', []), ('2008_1', [14, 16])]
    assert dataset.get_data_info(1)['img_path'] == str(tmp_path / 'VOC2012/JPEGImages/2008_1.jpg')


def test_id_list_of_the_release(tmp_path):
    write_image(tmp_path, 'VOC2007', '000001', [('car', 0)])
    (tmp_path / 'VOC2007' / 'ImageSets').mkdir()
    (tmp_path / 'VOC2007' / 'ImageSets' / 'test.txt').write_text('000001')
    config = {'type': 'VOCLT', 'data_root': str(tmp_path), 'year': 'VOC2007', 'ids': 'ImageSets/test.txt'}
    assert labels_of(DATASETS.build(config)) == {'000001': [6]}


@pytest.mark.parametrize(
    'change, error, message',
    [
        (lambda d: (d / 'ids.pkl').unlink(), FileNotFoundError, r'ids\.pkl is missing: a list of image ids'),
        (
            lambda d: (d / 'VOC2012/Annotations/b.xml').unlink(),
            FileNotFoundError,
            r"b\.xml is missing.*'b' in .*ids",
        ),
        (
            lambda d: (d / 'VOC2012/JPEGImages/b.jpg').unlink(),
            FileNotFoundError,
            r'b\.jpg.*prepare_voc_lt\.py',
        ),
        (
            lambda d: (d / 'VOC2012/Annotations/b.xml').write_text('<a>'),
            ValueError,
            r'b\.xml is not a VOC annotation',
        ),
        (
            lambda d: (d / 'VOC2012/Annotations/b.xml').write_text('<html><body/></html>'),
            ValueError,
            r"b\.xml is not a VOC annotation: its root is 'html', annotation is expected",
        ),
        (
            lambda d: (d / 'VOC2012/Annotations/b.xml').write_text('<annotation xmlns="http://x/y"/>'),
            ValueError,
            r"b\.xml is not a VOC annotation: its root is '\{http://x/y\}annotation'",
        ),
        (
            lambda d: (d / 'VOC2012/Annotations/b.xml').write_text('<annotation><Object/></annotation>'),
            ValueError,
            r"b\.xml: an element 'Object', object is expected",
        ),
        (
            lambda d: (d / 'VOC2012/Annotations/b.xml').write_text(
                '<?xml version="1.0" encoding="utf-99"?><a/>'
            ),
            ValueError,
            r'b\.xml is not a VOC annotation: unknown encoding',
        ),
        (
            lambda d: write_image(d, 'VOC2012', 'b', [('unicorn', 0)]),
            ValueError,
            r"b\.xml.*'unicorn'.*aeroplane",
        ),
        (lambda d: (d / 'ids.pkl').write_text('a\nb\na'), ValueError, r'ids\.pkl.*listed twice: a$'),
    ],
)
def test_errors_name_the_file(tmp_path, change, error, message):
    for img_id in 'ab':
        write_image(tmp_path, 'VOC2012', img_id, [('car', 0)])
    (tmp_path / 'ids.pkl').write_text('a\nb')
    assert len(VOCLT(str(tmp_path), ids='ids.pkl')) == 2
    change(tmp_path)
    with pytest.raises(error, match=message):
        VOCLT(str(tmp_path), ids='ids.pkl')


def test_ids_that_leave_the_devkit_need_a_switch(tmp_path):
    write_image(tmp_path / 'devkit', 'VOC2012', 'a', [('car', 0)])
    write_image(tmp_path / 'other', 'VOC2012', 'b', [('cat', 0)])
    (tmp_path / 'other/VOC2012/JPEGImages/b.xml').write_text('no annotation')
    (tmp_path / 'devkit/ids.txt').write_text('a\n../../../other/VOC2012/JPEGImages/b')
    with pytest.raises(
        ValueError, match=r"ids\.txt: '.*/b\.xml' is outside .*devkit.*allow_outside_root=True"
    ):
        VOCLT(str(tmp_path / 'devkit'), ids='ids.txt')
    with pytest.raises(ValueError, match=r'b\.xml is not a VOC annotation'):
        VOCLT(str(tmp_path / 'devkit'), ids='ids.txt', allow_outside_root=True)


def test_published_labels_come_back_from_xml(shared_data, tmp_path):
    published = json.loads((shared_data / 'voc_lt.json').read_text())
    draw = random.Random(0)
    for img_id, label in published['images'].items():
        objects = [(published['classes'][k], draw.randint(0, 1)) for k in label * 2]
        write_image(tmp_path, 'VOC2012', img_id, draw.sample(objects, len(objects)))
    (tmp_path / 'img_id.txt').write_text('\n'.join(published['images']))
    dataset = VOCLT(str(tmp_path), ids='img_id.txt')
    statistics = ClassStatistics.from_dataset(dataset)
    assert list(labels_of(dataset).items()) == list(published['images'].items())
    assert list(dataset.CLASSES) == published['classes']
    assert statistics.class_counts.tolist() == published['class_counts']
    assert np.bincount(MULTI_LABEL.assign(statistics.class_counts)).tolist() == [6, 6, 8]


def test_original_xml_gives_the_published_labels(shared_data):
    """VOC-LT' holds 593 of the published images; its other images change the counts as its README says."""
    published = json.loads((shared_data / 'voc_lt.json').read_text())
    dataset = VOCLT(str(shared_data / 'VOCdevkit'))
    labels = labels_of(dataset)
    common = published['images'].keys() & labels.keys()
    assert len(labels) == 1142 and len(common) == 593
    assert all(labels[img_id] == published['images'][img_id] for img_id in common)
    change = ClassStatistics.from_dataset(dataset).class_counts - published['class_counts']
    large = {name: int(n) for name, n in zip(dataset.CLASSES, change) if abs(n) > 6}
    assert large == {'diningtable': -31, 'chair': -21, 'cat': 19}


def test_real_test_pictures(shared_data):
    load = [{'type': 'LoadImageFromFile'}, {'type': 'PackInputs'}]
    root = str(shared_data / 'VOCdevkit')
    dataset = VOCLT(root, 'VOC2007', 'ImageSets/Main/test.txt', pipeline=load, test_mode=True)
    assert len(dataset) == 2504 and (ClassStatistics.from_dataset(dataset).class_counts > 0).all()
    assert min(dataset[0]['inputs'].shape[1:]) == 256

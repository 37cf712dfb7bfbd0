"""COCO-style JSON: which annotations count, in a case worked by hand, and every error."""

import json
import re

import pytest
from mmpretrain.registry import DATASETS
from pycocotools.coco import COCO

from mmlongtail.datasets.coco_json import CocoJSONDataset


@pytest.fixture
def content(tmp_path) -> dict:
    """Three images; category ids with a gap, not in order."""
    for name in ('x.jpg', 'y.jpg', 'z.jpg'):
        (tmp_path / name).touch()
    box = {'bbox': [0, 0, 5, 5], 'area': 20.0, 'iscrowd': 0}
    annotations = [
        {'image_id': 7, 'category_id': 9, **box},
        {'image_id': 7, 'category_id': 9, **box},
        {'image_id': 7, 'category_id': 2, **box, 'iscrowd': 1},
        {'image_id': 7, 'category_id': 4, **box, 'ignore': 1},
        {'image_id': 5, 'category_id': 2, **box, 'area': 0},
        {'image_id': 5, 'category_id': 4, **box, 'bbox': [0, 0, 0.9, 5]},
        {'image_id': 5, 'category_id': 9, **box, 'bbox': [0, 0, 5, 0.9]},
        {'image_id': 6, 'category_id': 4, 'id': 90},
        {'image_id': 6, 'category_id': 9, **box, 'bbox': [0, 0, 1, 1]},
    ]
    return {
        'images': [{'id': i, 'file_name': f} for i, f in ((7, 'x.jpg'), (5, 'y.jpg'), (6, 'z.jpg'))],
        'categories': [{'id': 9, 'name': 'zebra'}, {'id': 2, 'name': 'cat'}, {'id': 4, 'name': 'ant'}],
        'annotations': [{'id': k, **a} for k, a in enumerate(annotations)],
    }


def build(tmp_path, content, **kwargs) -> CocoJSONDataset:
    (tmp_path / 'labels.json').write_text(json.dumps(content))
    return DATASETS.build(
        {
            'type': 'CocoJSONDataset',
            'ann_file': 'labels.json',
            'data_root': str(tmp_path),
            'serialize_data': False,
            **kwargs,
        }
    )


def labels_of(dataset) -> dict[int, list[int]]:
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    return {info['img_id']: info['gt_label'] for info in infos}


def test_annotations_that_count(tmp_path, content):
    dataset = build(tmp_path, content)
    assert dataset.metainfo['classes'] == ('cat', 'ant', 'zebra')
    assert labels_of(dataset) == {7: [0, 2], 5: [], 6: [1, 2]}
    assert dataset.get_data_info(0)['img_path'] == str(tmp_path / 'x.jpg')


def test_chosen_classes(tmp_path, content):
    assert labels_of(build(tmp_path, content, classes=['zebra', 'ant'])) == {7: [0], 5: [], 6: [0, 1]}
    with pytest.raises(ValueError, match=r"labels\.json has no category 'dog'; it has ant, cat, zebra"):
        build(tmp_path, content, classes=['dog'])


@pytest.mark.parametrize(
    'part, entry, message',
    [
        (
            'annotations',
            {'id': 99, 'image_id': 7, 'category_id': 3},
            r'annotations[9] (id 99), category_id=3: one of the 3 ids of categories is expected',
        ),
        (
            'annotations',
            {'id': 98, 'image_id': 8, 'category_id': 2},
            r'annotations[9] (id 98), image_id=8: one of the 3 ids of images is expected',
        ),
        ('images', {'id': 7, 'file_name': 'x.jpg'}, 'images[3], id=7: another id than that of images[0]'),
        ('categories', {'id': 10, 'name': 'cat'}, "ids 2 and 10 are both called 'cat': unique names"),
        (
            'categories',
            {'id': 9, 'name': 'dog'},
            'categories[3], id=9: another id than that of categories[0]',
        ),
    ],
)
def test_wrong_entries_are_named(tmp_path, content, part, entry, message):
    content[part].append(entry)
    with pytest.raises(ValueError, match=rf'labels\.json.*{re.escape(message)}'):
        build(tmp_path, content)


@pytest.mark.parametrize('part', ['images', 'annotations', 'categories'])
def test_missing_part_is_named(tmp_path, content, part):
    del content[part]
    with pytest.raises(ValueError, match=rf"labels\.json has no '{part}'"):
        build(tmp_path, content)


def test_missing_files_are_named(tmp_path, content):
    with pytest.raises(FileNotFoundError, match=r'none\.json is missing'):
        CocoJSONDataset('none.json', data_root=str(tmp_path))
    (tmp_path / 'y.jpg').unlink()
    with pytest.raises(FileNotFoundError, match=r'1 of 3 images are missing: .*y\.jpg'):
        build(tmp_path, content)


def test_labels_are_those_that_pycocotools_reads(tmp_path, content):
    for annotation in content['annotations']:
        annotation.setdefault('area', 3)  # without which it does not choose
    dataset = build(tmp_path, content)
    coco, classes = COCO(str(tmp_path / 'labels.json')), dataset.metainfo['classes']
    for img_id, label in labels_of(dataset).items():
        read = coco.loadAnns(coco.getAnnIds(img_id, areaRng=[0, 1e9]))
        kept = [a for a in read if not a.get('ignore') and min(a.get('bbox', [1])[-2:]) >= 1]
        assert [classes[k] for k in label] == [
            coco.cats[i]['name'] for i in sorted({a['category_id'] for a in kept})
        ]

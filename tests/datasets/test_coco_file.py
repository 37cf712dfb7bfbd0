"""COCO-style JSON, field by field: what is taken, what is refused and with which words."""

import copy
import json
import math
import re

import pytest

from mmlongtail.datasets.coco_file import OPTIONAL, read_coco

GOOD = {
    'info': {'anything': math.nan},
    'images': [{'id': 7, 'file_name': 'x.jpg', 'width': None}, {'id': 3, 'file_name': 'y.jpg'}],
    'categories': [{'id': 9, 'name': 'zebra'}, {'id': 2, 'name': 'cat'}],
    'annotations': [
        {'id': 1, 'image_id': 7, 'category_id': 9, 'bbox': [0, 0, 1.5, 2], 'area': 3, 'ignore': False},
        {'id': 2, 'image_id': 7, 'category_id': 2, 'iscrowd': 1, 'segmentation': {'counts': 'x'}},
    ],
}


def write(tmp_path, content) -> str:
    path = tmp_path / 'x.json'
    path.write_text(json.dumps(content))
    return str(path)


def test_parts_by_their_ids(tmp_path):
    coco = read_coco(write(tmp_path, GOOD))
    assert list(coco.images) == [7, 3] and list(coco.categories) == [2, 9]
    assert [a['id'] for a in coco.annotations[7]] == [1, 2] and 3 not in coco.annotations
    del (content := copy.deepcopy(GOOD))['categories'][0]['name']
    assert 'name' not in read_coco(write(tmp_path, content), (*OPTIONAL, 'name')).categories[9]


def test_ids_may_be_texts(tmp_path):
    content = json.loads(
        json.dumps(GOOD).replace('"id": 7', '"id": "a"').replace('image_id": 7', 'image_id": "a"')
    )
    assert list(read_coco(write(tmp_path, content)).images) == ['a', 3]


@pytest.mark.parametrize('content, kind', [([], 'list'), (None, 'NoneType'), ('x', 'str'), (3, 'int')])
def test_another_top_level(tmp_path, content, kind):
    with pytest.raises(
        ValueError, match=f'x.json holds a {kind}: a COCO-style JSON with images, annotations'
    ):
        read_coco(write(tmp_path, content))


WHOLE, TEXT, NUMBER = 'a whole number of at most 64 bits or a text', 'a text', 'a finite number'
BOX = 'a list of four finite numbers'
NAN, INF, HUGE = math.nan, math.inf, 10**400


@pytest.mark.parametrize(
    'part, field, values, expected',
    [
        ('images', 'id', [True, 1.0, None, [], {}, '', ' ', 2**63, '\ud800', 'a\0'], WHOLE),
        ('images', 'file_name', [None, 3, '', ['x.jpg'], 'x\0.jpg', '\udc00'], TEXT),
        ('categories', 'id', [False, -(2**63) - 1, NAN], WHOLE),
        ('categories', 'name', [None, '  ', 3, {}], TEXT),
        ('annotations', 'id', [None, [1]], WHOLE),
        ('annotations', 'image_id', [True, 7.0, {}, [7]], WHOLE),
        ('annotations', 'image_id', [8, '7'], 'one of the 2 ids of images'),
        ('annotations', 'category_id', [None, 2**70], WHOLE),
        ('annotations', 'category_id', [0, 'cat'], 'one of the 2 ids of categories'),
        ('annotations', 'area', [NAN, INF, -INF, HUGE, '3', None, True, [3]], NUMBER),
        (
            'annotations',
            'bbox',
            [None, [], [1, 2, 3], [0, 0, 1, NAN], [0, 0, True, 1], '0123', [[]] * 4],
            BOX,
        ),
        ('annotations', 'ignore', [2, None, 'no', 1.0, []], '0 or 1'),
    ],
)
def test_each_wrong_value_is_named(tmp_path, part, field, values, expected):
    for value in values:
        content = copy.deepcopy(GOOD)
        content[part][1][field] = value
        with pytest.raises(ValueError) as caught:
            read_coco(write(tmp_path, content))
        pattern = rf'.*/x\.json: {part}\[1\]( \(id \d\))?, {field}=.*: {re.escape(expected)} is expected'
        assert re.fullmatch(pattern, str(caught.value), re.DOTALL) and len(str(caught.value)) < 400


@pytest.mark.parametrize(
    'part, field', [(p, f) for p in GOOD if p != 'info' for f in GOOD[p][0] if f not in OPTIONAL]
)
def test_missing_fields_and_wrong_entries_are_named(tmp_path, part, field):
    content = copy.deepcopy(GOOD)
    content[part][0].pop(field)
    if field != 'width':
        with pytest.raises(ValueError, match=rf"x\.json: {part}\[0\] has no '{field}': a .* is expected"):
            read_coco(write(tmp_path, content))
    content[part][0] = 3
    with pytest.raises(ValueError, match=rf'x\.json: {part}\[0\] is 3: an object is expected'):
        read_coco(write(tmp_path, content))
    content[part] = {}
    with pytest.raises(ValueError, match=rf'x\.json: {part}=\{{\}}: a list is expected'):
        read_coco(write(tmp_path, content))

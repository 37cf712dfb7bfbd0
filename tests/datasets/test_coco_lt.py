"""COCO-LT: the published labels come back from a COCO JSON made of them, hidden among decoys."""

import json
import random

import numpy as np
import pytest

from mmlongtail.datasets.coco_lt import COCOLT
from mmlongtail.structures import MULTI_LABEL, ClassStatistics

CATEGORY_IDS = [i for i in range(1, 91) if i not in (12, 26, 29, 30, 45, 66, 68, 69, 71, 83)]


def annotations_of(img_id: int, label: list[int], draw: random.Random) -> list[dict]:
    """Annotations that count for the classes of ``label``, and decoys for others."""
    good = {'bbox': [1, 1, 9, 9], 'area': 30.5, 'iscrowd': draw.randint(0, 1)}
    decoys = [{**good, 'ignore': 1}, {**good, 'area': 0}, {**good, 'bbox': [1, 1, 9, 0.5]}]
    rows = [{'image_id': img_id, 'category_id': CATEGORY_IDS[k], **good} for k in label]
    others = draw.sample([k for k in range(80) if k not in label], 3)
    return rows + [{'image_id': img_id, 'category_id': CATEGORY_IDS[k], **d} for k, d in zip(others, decoys)]


@pytest.fixture(scope='module')
def published(shared_data) -> dict:
    return json.loads((shared_data / 'coco_lt.json').read_text())


@pytest.fixture(scope='module')
def root(published, tmp_path_factory):
    """A data root like COCO's, with 100 images more than COCO-LT has."""
    root, draw = tmp_path_factory.mktemp('coco'), random.Random(0)
    images = {int(img_id): label for img_id, label in published['images'].items()}
    extra = {10**6 + i: [0] for i in range(100)}
    rows = [row for img_id, label in (images | extra).items() for row in annotations_of(img_id, label, draw)]
    content = {
        'images': [{'id': i, 'file_name': f'{i:012}.jpg'} for i in sorted(images | extra)],
        'categories': [{'id': i, 'name': f'category {i}'} for i in CATEGORY_IDS],
        'annotations': [{'id': k, **row} for k, row in enumerate(draw.sample(rows, len(rows)))],
    }
    (root / 'train2017').mkdir()
    for image in content['images']:
        (root / 'train2017' / image['file_name']).touch()
    (root / 'instances.json').write_text(json.dumps(content))
    (root / 'img_id.pkl').write_text('\n'.join(published['images']))
    return root


def build(root, ids: str | None) -> COCOLT:
    return COCOLT('instances.json', ids=ids, data_root=str(root), data_prefix='train2017')


def test_published_labels_come_back(root, published):
    dataset = build(root, 'img_id.pkl')
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    assert [(str(i['img_id']), i['gt_label']) for i in infos] == list(published['images'].items())
    counts = ClassStatistics.from_dataset(dataset).class_counts
    assert counts.tolist() == published['class_counts'] and len(dataset) == 1909
    assert np.bincount(MULTI_LABEL.assign(counts)).tolist() == [22, 33, 25]


def test_without_a_list_all_images_belong(root):
    assert len(build(root, None)) == 1909 + 100


@pytest.mark.parametrize('bad', ['3', 'abc', '²', '٣', '-1', '1.0', '9' * 5000])
def test_unknown_id_is_named_with_its_line(root, bad):
    (root / 'bad.txt').write_text(f'554625\n{bad}\n')
    shown = bad if len(bad) < 9 else '9+[.]+9+'
    message = rf"bad\.txt, line 2: '{shown}' is not the id of an image of .*instances\.json"
    with pytest.raises(ValueError, match=message):
        build(root, 'bad.txt')


def test_missing_list_and_missing_root(root):
    with pytest.raises(FileNotFoundError, match=r'none\.txt is missing: a list of image ids'):
        build(root, 'none.txt')
    with pytest.raises(FileNotFoundError, match=r'prepare_coco_lt\.py'):
        build(root / 'nowhere', None)

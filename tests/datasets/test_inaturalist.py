"""iNaturalist 2018 from a small JSON in the form of the competition's."""

import json

import pytest
from mmpretrain.registry import DATASETS

from mmlongtail.datasets.inaturalist import INaturalist2018
from mmlongtail.structures import ClassStatistics

IMAGES = {10: 'Plantae/5/a.jpg', 3: 'Aves/1/b.jpg', 7: 'Aves/1/c.jpg'}
LABELS = {10: 5, 3: 1, 7: 1}
CATEGORIES = [dict(id=5, name='Iris'), dict(id=1, name='Iris'), dict(id=2, name='Lynx')]


def write(root, part: str, annotations=None, categories=CATEGORIES) -> str:
    images = [dict(id=i, file_name=f'train_val2018/{path}', license=3) for i, path in IMAGES.items()]
    for image in images:
        path = root / image['file_name']
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    if annotations is None:
        annotations = [dict(id=i, image_id=i, category_id=k) for i, k in LABELS.items()]
    content = dict(images=images, annotations=annotations, categories=categories)
    (root / f'{part}2018.json').write_text(json.dumps(content))
    return str(root)


@pytest.mark.parametrize('part, images', [('train', 437513), ('val', 24426)])
def test_classes_in_the_order_of_ids_and_equal_names(tmp_path, part, images):
    root = write(tmp_path, part)
    dataset = DATASETS.build(dict(type='INaturalist2018', data_root=root, split=part))
    assert dataset.metainfo['classes'] == ('Iris', 'Lynx', 'Iris') and dataset.expected.images == images
    infos = [dataset.get_data_info(i) for i in range(3)]
    assert [(info['img_path'], info['gt_label']) for info in infos] == [
        (f'{root}/train_val2018/{path}', {1: 0, 2: 1, 5: 2}[LABELS[i]]) for i, path in IMAGES.items()
    ]
    assert ClassStatistics.from_dataset(dataset).class_counts.tolist() == [2, 0, 1]


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(annotations=[dict(id=0, image_id=10, category_id=5)]), r'3 has the labels \[\], exactly one'),
        (
            dict(annotations=[dict(id=0, image_id=10, category_id=4)]),
            r'annotations\[0\] \(id 0\), category_id=4',
        ),
        (
            dict(categories=[*CATEGORIES, dict(id=1, name='Elk')]),
            r'categories\[3\], id=1: another id',
        ),
    ],
)
def test_errors_of_the_json(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        INaturalist2018(write(tmp_path, 'train', **change))


def test_unknown_split_and_missing_json(tmp_path):
    with pytest.raises(ValueError, match="split='test': one of train, val"):
        INaturalist2018(str(tmp_path), 'test')
    with pytest.raises(FileNotFoundError, match=r'val2018\.json is missing'):
        INaturalist2018(str(tmp_path), 'val')

"""ImageNet-LT and Places-LT from small lists in the form of the public ones."""

import pytest
from mmpretrain.registry import DATASETS

from mmlongtail.datasets.imagenet_lt import ImageNetLT, PlacesLT


def lay_out(root, list_name: str, lines: dict[str, int]) -> str:
    for path in lines:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    (root / list_name).write_text(''.join(f'{path} {label}\n' for path, label in lines.items()))
    return str(root)


IMAGENET = {'train/n01440764/n01440764_190.JPEG': 0, 'train/n15075141/n15075141_9.JPEG': 999}
PLACES = {'data_256/a/airfield/00000001.jpg': 0, 'data_256/z/zen_garden/00000007.jpg': 364}


@pytest.mark.parametrize(
    'name, list_name, lines, names',
    [
        ('ImageNetLT', 'ImageNet_LT_train.txt', IMAGENET, ('tench', 'toilet tissue')),
        ('PlacesLT', 'Places_LT_train.txt', PLACES, ('0', '364')),
    ],
)
def test_lists_are_read(tmp_path, name, list_name, lines, names):
    root = lay_out(tmp_path, list_name, lines)
    dataset = DATASETS.build(dict(type=name, data_root=root))
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    assert [info['gt_label'] for info in infos] == list(lines.values())
    assert [info['img_path'] for info in infos] == [f'{root}/{path}' for path in lines]
    classes = dataset.metainfo['classes']
    assert len(classes) == dataset.expected.classes == max(lines.values()) + 1
    assert classes[0].startswith(names[0]) and classes[-1].startswith(names[1])


def test_split_and_list_and_prefix(tmp_path):
    lay_out(tmp_path / 'pictures', '../ImageNet_LT_test.txt', {'val/ILSVRC2012_val_1.JPEG': 65})
    test = ImageNetLT(str(tmp_path), 'test', data_prefix='pictures')
    assert test.get_gt_labels().tolist() == [65] and test.expected.images == 50000
    lay_out(tmp_path, 'mine.txt', {'x/1.jpg': 3})
    names = [f'place {k}' for k in range(365)]
    mine = PlacesLT(str(tmp_path), 'val', ann_file='mine.txt', classes=names)
    assert mine.get_cat_ids(0) == [3] and mine.metainfo['classes'][3] == 'place 3'


def test_errors(tmp_path):
    with pytest.raises(ValueError, match="split='testing': one of train, val, test"):
        ImageNetLT(str(tmp_path), 'testing')
    with pytest.raises(FileNotFoundError, match=r'Places_LT_train\.txt is missing'):
        PlacesLT(str(tmp_path))
    root = lay_out(tmp_path, 'Places_LT_train.txt', {'a.jpg': 0, 'b.jpg': 365})
    with pytest.raises(ValueError, match=r"Places_LT_train\.txt, line 2: unknown label '365'"):
        PlacesLT(root)

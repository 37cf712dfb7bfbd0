"""A devkit with classes of its own."""

import cv2
import numpy as np
import pytest

from mmlongtail.datasets.devkit import find_releases, read_devkit


def write_release(root, objects):
    """A release with a picture and an XML for each id of ``objects``, a dict of lists of names."""
    for folder in ('Annotations', 'JPEGImages'):
        (root / folder).mkdir(parents=True)
    for name, labels in objects.items():
        cv2.imwrite(str(root / 'JPEGImages' / f'{name}.jpg'), np.zeros((8, 8, 3), np.uint8))
        inside = ''.join(f'<object><name>{label}</name></object>' for label in labels)
        (root / 'Annotations' / f'{name}.xml').write_text(f'<annotation>{inside}</annotation>')
    return root


@pytest.fixture
def release(tmp_path):
    return write_release(tmp_path / 'kit' / 'zoo', dict(a=['yak', 'emu'], b=['emu', 'emu'], c=[], d=['yak']))


def test_classes_and_labels_come_from_the_objects(release):
    for root in (release, release.parent):
        data = read_devkit(root)
        assert data.classes == ('emu', 'yak')
        assert data.labels == ((0, 1), (0,), (), (1,))
        assert all((data.root / path).is_file() for path in data.paths)
        assert data.in_val is None and not data.single_label


def test_two_releases(release):
    write_release(release.parent / 'farm', dict(e=['cow']))
    assert [found.name for found in find_releases(release.parent)] == ['farm', 'zoo']
    data = read_devkit(release.parent)
    assert data.classes == ('cow', 'emu', 'yak') and data.labels[0] == (0,) and data.labels[-1] == (2,)


def test_parts_of_image_sets(release):
    folder = release / 'ImageSets' / 'Main'
    folder.mkdir(parents=True)
    (folder / 'train.txt').write_text('a\nb\n')
    assert read_devkit(release).in_val is None  # there is no val.txt
    (folder / 'val.txt').write_text('d\n')
    data = read_devkit(release)
    assert data.in_val.tolist() == [False, False, True]
    assert len(data.paths) == 3 and 'ImageSets' in data.notes[0]


def test_ids_to_validate(release, tmp_path):
    ids = tmp_path / 'ids.txt'
    ids.write_text('b\n')
    assert read_devkit(release, str(ids)).in_val.tolist() == [False, True, False, False]
    ids.write_text('b\nz\n')
    with pytest.raises(ValueError, match=r'ids\.txt: no image with an XML has the id z'):
        read_devkit(release, str(ids))


def test_missing_pictures(release):
    (release / 'JPEGImages' / 'b.jpg').unlink()
    assert [path[-5:] for path in read_devkit(release).paths] == ['a.jpg', 'c.jpg', 'd.jpg']
    for name in 'ac':
        (release / 'JPEGImages' / f'{name}.jpg').unlink()
    with pytest.raises(FileNotFoundError, match='3 of 4 images are missing') as error:
        read_devkit(release)
    assert 'voc_lt' not in str(error.value)

"""List files of one label a picture."""

import cv2
import numpy as np
import pytest
from mmpretrain.registry import DATASETS

from mmlongtail.structures import ClassStatistics

LOAD = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]


@pytest.fixture
def build(tmp_path):
    """Function from the text of a list of pictures a.png ... c.png to its data set."""
    for i, name in enumerate('abc'):
        cv2.imwrite(str(tmp_path / f'{name}.png'), np.full((4, 4, 3), i, np.uint8))

    def from_text(text: str, name: str = 'list.txt', classes=('cat', 'dog', 'owl')):
        (tmp_path / name).write_text(text)
        config = dict(type='SingleLabelListFile', data_root=str(tmp_path), ann_file=name, pipeline=LOAD)
        return DATASETS.build({**config, 'classes': list(classes)})

    return from_text


@pytest.mark.parametrize(
    'name, text',
    [
        ('list.txt', 'c.png 2\na.png 0\nb.png 2'),
        ('list.csv', 'c.png,owl\na.png,cat\nb.png,owl'),
        ('list.csv', 'path,cat,owl\nc.png,0,1\na.png,1,0\nb.png,0,1'),
    ],
)
def test_labels_are_numbers(build, name, text):
    dataset = build(text, name)
    assert dataset.get_gt_labels().tolist() == [2, 0, 2] and dataset.get_cat_ids(0) == [2]
    assert ClassStatistics.from_dataset(dataset).class_counts.tolist() == [1, 0, 2]
    item = dataset[0]
    assert item['data_samples'].gt_label.tolist() == [2] and (item['inputs'] == 2).all()


@pytest.mark.parametrize('line, labels', [('b.png', r'\[\]'), ('b.png cat owl', r'\[0, 2\]')])
def test_no_label_and_two_labels_are_refused(build, line, labels):
    with pytest.raises(
        ValueError, match=rf'list\.txt: b\.png has the labels {labels}, exactly one is expected'
    ):
        build(f'a.png 0\n{line}')


def test_checks_of_the_base_stay(build):
    with pytest.raises(ValueError, match='listed twice: a.png'):
        build('a.png 0\na.png 1')
    with pytest.raises(FileNotFoundError, match='d.png'):
        build('d.png 0')

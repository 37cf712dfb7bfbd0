import json

import numpy as np
import pytest

from mmlongtail.structures import MULTI_LABEL, ClassStatistics, image_labels


class Labels:
    """The smallest data set: labels and names."""

    def __init__(self, labels, classes):
        self.labels, self.metainfo, self.reads = labels, dict(classes=classes), 0

    def __len__(self):
        return len(self.labels)

    def get_cat_ids(self, i):
        self.reads += 1
        return self.labels[i]


def test_hand_worked_counts_and_cooccurrence():
    statistics = ClassStatistics.from_dataset(Labels([[0, 1], [1], [], [2, 1, 2]], ['a', 'b', 'c', 'd']))
    assert statistics.class_counts.tolist() == [1, 3, 1, 0]  # the doubled label counts once
    assert statistics.num_images == 4
    assert statistics.cooccurrence.tolist() == [[1, 1, 0, 0], [1, 3, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]


def test_labels_are_read_once():
    dataset = Labels([[0], [1, 0]], ['a', 'b'])
    for _ in range(3):
        images, classes = image_labels(dataset)
    assert dataset.reads == 2
    assert images.tolist() == [0, 1, 1] and classes.tolist() == [0, 0, 1]


def test_dataset_without_get_cat_ids():
    class Infos:
        metainfo = dict(classes=('a', 'b'))

        def __len__(self):
            return 2

        def get_data_info(self, i):
            return dict(gt_label=i)  # single label

    assert ClassStatistics.from_dataset(Infos()).class_counts.tolist() == [1, 1]


def test_images_of_one_class_alone():
    assert ClassStatistics.from_dataset(Labels([[1], [1]], ['a', 'b', 'c'])).class_counts.tolist() == [
        0,
        2,
        0,
    ]


def test_empty_dataset_counts_nothing():
    assert ClassStatistics.from_dataset(Labels([], ['a', 'b'])).class_counts.tolist() == [0, 0]


def test_dictionary_is_plain_and_complete():
    statistics = ClassStatistics.from_dataset(Labels([[0, 1], [1], [0, 1]], ['a', 'b']))
    back = ClassStatistics.from_dict(json.loads(json.dumps(statistics.to_dict())))
    assert np.array_equal(back.class_counts, statistics.class_counts)
    assert np.array_equal(back.cooccurrence, statistics.cooccurrence)
    assert (back.num_images, back.classes) == (3, ('a', 'b'))


def test_single_label_set_stores_no_square_matrix():
    state = ClassStatistics.from_dataset(Labels([[0], [1], [1]], ['a', 'b'])).to_dict()
    assert 'cooccurrence' not in state
    assert ClassStatistics.from_dict(state).cooccurrence.tolist() == [[1, 0], [0, 2]]


@pytest.mark.parametrize('name, expected', [('voc_lt', (6, 6, 8)), ('coco_lt', (22, 33, 25))])
def test_published_splits_have_published_groups(shared_data, name, expected):
    published = json.loads((shared_data / f'{name}.json').read_text())
    labels = list(published['images'].values())
    statistics = ClassStatistics.from_dataset(Labels(labels, range(len(published['class_counts']))))
    assert statistics.class_counts.tolist() == list(published['class_counts'])
    assert np.bincount(MULTI_LABEL.assign(statistics.class_counts)).tolist() == list(expected)


def test_bad_datasets_are_refused():
    with pytest.raises(ValueError, match='names no classes'):
        ClassStatistics.from_dataset(Labels([[0]], []))
    with pytest.raises(ValueError, match='class indices 0 to 2, but names 2'):
        ClassStatistics.from_dataset(Labels([[0], [2]], ['a', 'b']))


def test_handed_to_those_that_take_it():
    class Taker:
        def set_class_statistics(self, statistics):
            self.got = statistics

    takers, statistics = [Taker(), Taker()], ClassStatistics(np.array([3, 1]), 4)
    statistics.hand_to([takers[0], object(), takers[1]])
    assert all(taker.got is statistics for taker in takers)

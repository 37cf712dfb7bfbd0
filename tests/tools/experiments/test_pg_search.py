"""Folds of a set made by hand, and the summary of rows."""

import pytest
from mmengine.dataset import BaseDataset


class TwoLabels(BaseDataset):
    """Class 0 on all of 30 images, class 1 on six of them."""

    METAINFO = dict(classes=('common', 'rare'))

    def load_data_list(self):
        return [dict(gt_label=[0, 1] if i % 5 == 0 else [0]) for i in range(30)]

    def get_cat_ids(self, index):
        return self.get_data_info(index)['gt_label']


@pytest.fixture
def search(scripts):
    return scripts('pg_search')


def test_folds_share_the_rare_class(search):
    folds = search.deal_into_folds(TwoLabels(), 3)
    assert [int((folds == fold).sum()) for fold in range(3)] == [10] * 3
    assert [int((folds[::5] == fold).sum()) for fold in range(3)] == [2] * 3


def test_means_are_of_candidates_tested_on_all_folds(search, capsys):
    row = dict(
        config='voc_lt.py',
        network='A',
        neg_scale_tail='5',
        pos_divisor_tail='1',
        fold='0',
        total='50.0',
        tail='30.0',
    )
    rows = [row, row | dict(fold='1', total='52.0', tail='31.0'), row | dict(neg_scale_tail='10')]
    search.print_summary(rows)
    assert capsys.readouterr().out.splitlines()[2:] == [
        '| voc_lt.py | A | 5 | 1 | 50.0 | 52.0 | 51.00 | 30.50 |',
        '| voc_lt.py | A | 10 | 1 | 50.0 | – | – | – |',
    ]

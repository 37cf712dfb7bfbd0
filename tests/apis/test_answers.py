"""Labels of scores, in cases worked by hand."""

import json

import numpy as np
import pytest
from mmengine.config import Config
from torch import nn

from mmlongtail.apis.answers import Answers
from mmlongtail.apis.trained import TrainedModel

SCORES = np.array([0.5, 0.9, 0.5, 0.4], np.float32)


def answers(multi_label: bool, thresholds=None, of_head: int | None = None, **options) -> Answers:
    thresholds = None if thresholds is None else np.array(thresholds, np.float32)
    names, groups = ('a', 'b', 'c', 'd'), ('head', None, 'tail', 'tail')
    trained = TrainedModel(Config(), nn.Identity(), names, groups, multi_label, thresholds, of_head)
    return Answers(trained, **options)


def test_many_labels_over_their_thresholds_and_the_best_first():
    found = answers(True, [0.5, 0.95, 0.2, 0.4])(SCORES)
    assert found['indices'] == [0, 2, 3] and found['names'] == ['a', 'c', 'd']
    assert found['groups'] == ['head', 'tail', 'tail'] and found['scores'] == SCORES[[0, 2, 3]].tolist()
    assert json.loads(json.dumps(found)) == found
    assert answers(True, [1, 1, 1, 1])(SCORES) == dict(indices=[], names=[], scores=[], groups=[])


def test_as_many_as_asked_for():
    assert answers(True, [1] * 4, top_k=2)(SCORES)['indices'] == [1, 0]
    assert answers(True, of_head=3)(SCORES)['indices'] == [1, 0, 2]
    assert answers(False)(SCORES)['indices'] == [1, 0, 2, 3]
    assert answers(False, top_k=1, all_scores=True)(SCORES)['all_scores'] == SCORES.tolist()


def test_a_threshold_has_the_precision_of_the_scores():
    assert answers(True, [0.4] * 4)(np.full(4, 0.4, np.float32))['indices'] == [0, 1, 2, 3]


def test_bad_input_is_named():
    with pytest.raises(ValueError, match='no finite numbers'):
        answers(False)(np.array([0, np.nan, 0, 0], np.float32))
    with pytest.raises(ValueError, match='top_k is 0'):
        answers(False, top_k=0)

"""The examples in the docstrings print what they say."""

import doctest
from importlib import import_module

import numpy as np
import pytest
import torch

MODULES = [
    'apis.own_data.plan',
    'datasets.fingerprints',
    'datasets.imbalance',
    'datasets.long_tail_split',
    'datasets.stratified_split',
    'datasets.wrappers.base',
    'evaluation.functional.average_precision',
    'evaluation.functional.calibration_error',
    'evaluation.functional.class_means',
    'evaluation.functional.class_thresholds',
    'evaluation.functional.f_scores',
    'evaluation.group_report',
    'models.last_stage',
    'models.losses.class_counts',
    'models.losses.multi_label.distribution_balanced',
    'models.losses.multi_label.frequency_weighted_bce',
    'models.losses.multi_label.probability_guided',
    'models.losses.single_label.balanced_softmax',
    'models.losses.single_label.gcl',
    'models.losses.single_label.ldam',
    'models.losses.single_label.logit_adjustment',
    'models.necks.token_pooling',
    'models.peft.adapter_model',
    'structures.batch_layout',
    'structures.checks',
    'structures.class_groups',
    'structures.image_labels',
]


@pytest.mark.parametrize('name', MODULES)
def test_the_examples(name):
    module = import_module(f'mmlongtail.{name}')
    result = doctest.testmod(module, extraglobs=dict(np=np, torch=torch))
    assert result.attempted and not result.failed

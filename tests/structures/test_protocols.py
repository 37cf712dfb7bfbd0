"""What takes what, among components of every kind."""

import pytest
from mmpretrain.registry import DATA_SAMPLERS, DATASETS, HOOKS, METRICS, MODELS
from torch import nn

from mmlongtail.structures import TakesClassMeans, TakesClassStatistics, TakesEpoch, TakesProgress

PROTOCOLS = (TakesClassStatistics, TakesEpoch, TakesProgress, TakesClassMeans)


@pytest.mark.parametrize(
    ('registry', 'name', 'taken'),
    [
        (MODELS, 'GraphConvolutionHead', TakesClassStatistics),
        (METRICS, 'LongTailMultiLabelMetric', TakesClassStatistics),
        (HOOKS, 'LabelProbabilityHook', TakesClassStatistics),
        (DATASETS, 'ResampledDataset', TakesEpoch),
        (DATA_SAMPLERS, 'UniformSampler', TakesEpoch),
        (MODELS, 'LDAMLoss', TakesProgress),
        (MODELS, 'CumulativeLoss', TakesProgress),
        (MODELS, 'NearestClassMeanHead', TakesClassMeans),
        (MODELS, 'GCLLoss', None),
    ],
)
def test_components_take_what_their_kind_takes(registry, name, taken):
    cls = registry.get(name)
    component = cls.__new__(cls)  # what it is told depends on its class alone
    assert [kind for kind in PROTOCOLS if isinstance(component, kind)] == [taken] * (taken is not None)


def test_a_loss_takes_class_counts_through_its_part():
    takers = [m for m in MODELS.get('GCLLoss')().modules() if isinstance(m, TakesClassStatistics)]
    assert [type(taker).__name__ for taker in takers] == ['ClassCounts']


@pytest.mark.parametrize('thing', [nn.Linear(1, 1), object(), None, [1]])
def test_others_are_left_alone(thing):
    assert not any(isinstance(thing, kind) for kind in PROTOCOLS)

import inspect
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmpretrain.registry import MODELS

from mmlongtail.models.losses import ClassCounts
from mmlongtail.models.losses.class_counts import effective_number_weight
from mmlongtail.structures import ClassStatistics

COUNTS, IMAGES = [150, 120, 60, 30, 10, 5], 200
NEED_BOTH = ['ReweightedBCELoss', 'DistributionBalancedLoss', 'ProbabilityGuidedLoss']
NAMES = [*NEED_BOTH, 'MultiLabelLDAMLoss', 'ClassBalancedFocalLoss']


def build(name, counts=COUNTS, images=IMAGES, **settings):
    """The loss with the arguments that it has."""
    cls = MODELS.get(name)
    given = dict(class_counts=counts, num_images=images)
    known = inspect.signature(cls).parameters
    return cls(**{k: v for k, v in given.items() if k in known}, **settings)


def batch():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(7, 6, generator=generator, dtype=torch.float64)
    return logits, (torch.rand(7, 6, generator=generator) < 0.4).long()


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize('kind', [SimpleNamespace, ClassStatistics], ids=['duck', 'statistics'])
def test_statistics_of_the_run_equal_explicit_counts(name, kind):
    loss = MODELS.build(dict(type=name))
    with pytest.raises(RuntimeError, match='(?s)class_counts.*ClassStatisticsHook'):
        loss(*batch())
    more = {} if kind is SimpleNamespace else dict(classes=list('abcdef'))
    loss.counts.set_class_statistics(kind(class_counts=np.array(COUNTS), num_images=IMAGES, **more))
    assert torch.equal(loss(*batch()), build(name)(*batch()))
    assert not torch.allclose(loss(*batch()), build(name, COUNTS[::-1])(*batch()))


@pytest.mark.parametrize('name', NAMES)
def test_counts_stay_exact_and_out_of_the_checkpoint(name):
    loss = build(name)
    expected = loss(*batch())
    assert not loss.state_dict() and not list(loss.parameters())
    loss.load_state_dict({})  # strict
    assert torch.equal(loss.half()(*batch()), expected)


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize('kind', [torch.tensor, np.array])
def test_counts_are_copied(name, kind):
    counts = kind(COUNTS)
    loss = build(name, counts)
    counts[:] = 1
    assert torch.equal(loss(*batch()), build(name)(*batch()))


@pytest.mark.parametrize('name', NAMES)
def test_number_of_classes_must_fit(name):
    logits, targets = batch()
    with pytest.raises(ValueError, match='(?=.*6)(?=.*4)'):
        build(name)(logits[:, :4], targets[:, :4])


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize(
    'counts', [[-1, 2, 3], [1, 2, 9], [[1], [2]], []], ids=['negative', 'too many', 'nested', 'none']
)
def test_bad_counts(name, counts):
    with pytest.raises(ValueError, match='class_counts'):
        MODELS.build(dict(type=name)).counts.set_class_statistics(
            SimpleNamespace(class_counts=np.array(counts), num_images=5)
        )
    if counts[-1:] != [9] or name in NEED_BOTH:
        with pytest.raises(ValueError, match='class_counts'):
            build(name, counts, 5)


@pytest.mark.parametrize('name', NEED_BOTH)
@pytest.mark.parametrize('given', [dict(class_counts=COUNTS), dict(num_images=IMAGES)], ids=str)
def test_counts_and_images_come_together(name, given):
    with pytest.raises(ValueError, match='class_counts|num_images'):
        MODELS.build(dict(type=name, **given))


def test_what_derives_from_the_counts_follows_them():
    counts, logits = ClassCounts([30, 6, 0]), torch.zeros(2, 3)
    assert counts.seen(logits).tolist() == [30, 6, 1] and counts.seen(logits) is counts.seen(logits)
    assert counts.log(logits.double()).dtype == torch.float64
    counts.set_class_statistics(SimpleNamespace(class_counts=np.array([5, 4, 3]), num_images=12))
    assert counts.seen(logits).tolist() == [5, 4, 3]
    with pytest.raises(ValueError, match='logits have 2 classes, but class_counts has 3'):
        counts.seen(logits[:, :2])


def test_logarithms_of_a_class_of_no_image_and_of_one_of_all():
    counts, logits = ClassCounts([30, 6, 0], num_images=30), torch.zeros(2, 3)
    assert counts.log(logits).tolist() == pytest.approx(np.log([30, 6, 1]))
    assert counts.log_odds(logits).tolist() == pytest.approx(np.log([30 / 1, 6 / 24, 1 / 30]))


@pytest.mark.parametrize('beta', [0, 0.9, 1 - 1e-7])
def test_one_over_the_effective_number_of_samples(beta):
    """A sum of powers instead of a quotient, exactly: in float32 1 - beta^n is 0 for the last beta."""
    counts = [1, 2, 50]
    weight = effective_number_weight(torch.tensor(counts, dtype=torch.float32), beta)
    assert weight.dtype == torch.float32
    exact = [float(1 / sum(Fraction(beta) ** i for i in range(n))) for n in counts]
    assert weight.tolist() == pytest.approx(exact, rel=1e-6)


def test_training_goes_on_after_inference():
    loss, (logits, targets) = build('MultiLabelLDAMLoss'), batch()
    with torch.inference_mode():
        first = loss(logits, targets)
    assert loss(logits.requires_grad_(), targets).item() == first.item()
    loss(logits, targets).backward()


def test_checkpoints_have_the_learned_vectors_alone():
    """Their names are those of earlier versions, whose class counts were in no checkpoint either."""
    loss = MODELS.build(
        dict(type='CompensatedBCELoss', num_classes=6, class_counts=COUNTS, num_images=IMAGES)
    )
    old = {name: torch.full((6,), 2.0) for name in ('mu_pos', 'mu_neg', 'sigma_pos', 'sigma_neg')}
    assert loss.load_state_dict(old).missing_keys == [] and set(loss.state_dict()) == set(old)
    assert set(loss.scalars()) == set(old)

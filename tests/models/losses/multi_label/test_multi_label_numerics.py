"""What every multi-label loss promises, whatever its formula."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmpretrain.registry import MODELS

COUNTS, IMAGES = [200, 120, 60, 30, 10, 0], 200  # a class of every image, a class of none
LOSSES = {
    'eq 4': dict(type='FrequencyWeightedBCELoss'),
    'focal': dict(type='MultiLabelFocalLoss'),
    'rw inv': dict(type='ReweightedBCELoss', mode='inv'),
    'rw sqrt': dict(type='ReweightedBCELoss'),
    'ldam': dict(type='MultiLabelLDAMLoss'),
    'cb by_class': dict(type='ClassBalancedFocalLoss', mode='by_class', focal_gamma=0.5),
    'cb average_n': dict(type='ClassBalancedFocalLoss', mode='average_n'),
    'cb average_w': dict(type='ClassBalancedFocalLoss'),
    'cb min_n': dict(type='ClassBalancedFocalLoss', mode='min_n'),
    'db': dict(type='DistributionBalancedLoss'),
    'db off': dict(type='DistributionBalancedLoss', reweight=False, focal_gamma=0),
    'pg': dict(type='ProbabilityGuidedLoss'),
    'pg groups': dict(type='ProbabilityGuidedLoss', neg_scale=dict(head=5, medium=5, tail=8), focal='fixed'),
    'pg none': dict(type='ProbabilityGuidedLoss', focal=None),
    'pg coco': dict(type='ProbabilityGuidedLoss', adaptive=('neg_scale', 'pos_scale'), focal_gamma=0.5),
    'pg voc': dict(type='ProbabilityGuidedLoss', adaptive=('neg_scale', 'pos_divisor')),
}
every_loss = pytest.mark.parametrize('name', LOSSES)


def build(name, counts=COUNTS, **more):
    loss = MODELS.build(dict(LOSSES[name], **more))
    if hasattr(loss, 'counts'):
        loss.counts.set_class_statistics(SimpleNamespace(class_counts=np.array(counts), num_images=IMAGES))
    return loss


def batch(images=8, classes=6, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(images, classes, generator=generator, dtype=torch.float64) * 2
    return logits.to(dtype), (torch.rand(images, classes, generator=generator) < 0.4).long()


def finite(loss, logits, targets):
    logits = logits.clone().requires_grad_()
    value = loss(logits, targets)
    value.backward()
    assert value.isfinite() and logits.grad.isfinite().all()
    return value.item()


@every_loss
@pytest.mark.parametrize('label', [0, 1, 'mixed'])
@pytest.mark.parametrize(('size', 'dtype'), [(1e4, torch.float32), (80, torch.float16), (80, torch.bfloat16)])
def test_finite_at_extreme_logits(name, size, dtype, label):
    logits = (batch()[0].sign() * size).to(dtype)
    targets = batch()[1] if label == 'mixed' else torch.full((8, 6), label)
    with torch.autocast('cpu', dtype=dtype, enabled=dtype != torch.float32):
        value = finite(build(name), logits, targets)
    assert value > size / 40  # what is wrong is not clipped away


@every_loss
def test_finite_where_all_is_wrong_or_all_is_right(name):
    right = 1e4 * (2.0 * batch()[1] - 1)
    assert finite(build(name), right, batch()[1]) < 1  # margins and biases aside
    assert finite(build(name), -right, batch()[1]) > 100


@every_loss
@pytest.mark.parametrize(('images', 'classes'), [(8, 6), (1, 6), (8, 1), (1, 1)])
@pytest.mark.parametrize('label', [None, 0, 1])
def test_finite_for_any_labels_and_shape(name, images, classes, label):
    for count in ([200], [5], [0]) if classes == 1 else (COUNTS,):
        logits, targets = batch(images, classes, torch.float32)
        targets = targets if label is None else torch.full_like(targets, label)
        assert finite(build(name, count), logits, targets) > 0


@every_loss
def test_reductions_of_the_base_class(name):
    loss, (logits, targets) = build(name), batch()
    elements = loss(logits, targets, reduction_override='none')
    weight = torch.rand(8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert elements.shape == (8, 6) and (elements >= 0).all()
    for arguments, expected in [
        (dict(), elements.sum() / 48),
        (dict(avg_factor=8), elements.sum() / 48),
        (dict(avg_factor=20), elements.sum() / 120),
        (dict(reduction_override='sum'), elements.sum() / 6),
        (dict(weight=weight), (elements * weight[:, None]).sum() / 48),
        (dict(weight=weight.new_zeros(8, 6)), elements.sum() * 0),
    ]:
        assert torch.allclose(loss(logits, targets, **arguments), expected, rtol=1e-12), arguments
    assert torch.allclose(build(name, loss_weight=0.5)(logits, targets), elements.sum() / 96, rtol=1e-12)


@every_loss
def test_caller_keeps_its_tensors(name):
    (logits, targets), counts = batch(), np.array(COUNTS)
    copies = logits.clone(), targets.clone()
    soft = torch.rand(8, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    soft_copy, weight = soft.clone(), torch.ones(8)
    loss = build(name, counts)
    first = loss(logits, targets, weight)
    loss(logits, soft, weight)
    assert torch.equal(logits, copies[0]) and torch.equal(targets, copies[1]) and torch.equal(soft, soft_copy)
    assert counts.tolist() == COUNTS and torch.equal(weight, torch.ones(8))
    assert torch.equal(loss(logits, targets), first)  # a call leaves no trace


@pytest.mark.parametrize('name', [n for n in LOSSES if n not in ('pg', 'pg coco', 'pg voc')])
@pytest.mark.parametrize('soft', [False, True], ids=['hard', 'soft'])
def test_gradient(name, soft):  # where means are constants, test_probability_guided has it
    loss, (logits, targets) = build(name), batch(4)
    targets = torch.linspace(0, 1, 24, dtype=torch.float64).view(4, 6) if soft else targets
    assert torch.autograd.gradcheck(lambda z: loss(z, targets), logits.requires_grad_())


@every_loss
@pytest.mark.parametrize('half', [torch.float16, torch.bfloat16])
def test_half_precision_is_full_precision_of_the_rounded_logits(name, half):
    loss, (logits, targets) = build(name), batch(dtype=half)
    with torch.autocast('cpu', dtype=half):
        value = loss(logits, targets.to(half))
    assert value.dtype == torch.float32
    assert torch.equal(value, loss(logits.float(), targets))
    assert value.item() == pytest.approx(loss(logits.double(), targets).item(), rel=1e-4)


@pytest.mark.parametrize('shapes', [((2, 3), (2, 1)), ((2, 3), (1, 3)), ((3,), (3,))], ids=str)
def test_sides_of_another_shape_are_refused(shapes):
    with pytest.raises(ValueError, match=r'logits \(.*\) and targets \(.*\) must both be \(B, K\)'):
        build('focal')(*map(torch.zeros, shapes))

"""What every single-label loss promises, whatever its formula."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS

COUNTS = [500, 120, 60, 30, 5, 0]  # the last class has no training image
CE_LIKE = {  # losses of logits
    'la': dict(type='LogitAdjustmentLoss'),
    'la 2': dict(type='LogitAdjustmentLoss', tau=2.0),
    'bsce': dict(type='BalancedSoftmaxLoss'),
    'cb': dict(type='ClassBalancedCELoss'),
    'cb focal': dict(type='ClassBalancedCELoss', focal_gamma=0.5),
    'focal': dict(type='ClassBalancedCELoss', beta=0, focal_gamma=2.0),
    'las': dict(type='LabelAwareSmoothingLoss'),
    'las convex': dict(type='LabelAwareSmoothingLoss', shape='convex'),
}
LOSSES = dict(
    CE_LIKE,
    **{
        'ldam': dict(type='LDAMLoss'),
        'ldam-drw': dict(type='LDAMLoss', drw_epoch=1),
        'gcl': dict(type='GCLLoss'),
        'gcl cos': dict(type='GCLLoss', cloud='cos'),
        'gcl power': dict(type='GCLLoss', cloud='power', margin=0.1),
        'gcl stage 2': dict(type='GCLLoss', scale=20, margin=0.1, focal_gamma=1),
    },
)
every_loss = pytest.mark.parametrize('name', LOSSES)


def build(name, counts=COUNTS, **more):
    loss = MODELS.build(dict(LOSSES[name], **more))
    loss.counts.set_class_statistics(SimpleNamespace(class_counts=np.array(counts), num_images=1000))
    if hasattr(loss, 'set_progress'):
        loss.set_progress(1, 2)
    return loss


def batch(images=8, classes=6, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(images, classes, generator=generator, dtype=torch.float64) / 4
    return logits.to(dtype), torch.arange(images) % classes


def mixed(targets, lam=0.25, classes=6):
    return lam * F.one_hot(targets, classes).double() + (1 - lam) * F.one_hot(targets.flip(0), classes)


def seeded(loss, *arguments, **more):
    """The loss with the same noise in every call, where it draws some."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return loss(*arguments, **more)


def finite(loss, logits, targets):
    logits = logits.clone().requires_grad_()
    value = seeded(loss, logits, targets)
    value.backward()
    assert value.isfinite() and logits.grad.isfinite().all()
    return value.item()


@every_loss
@pytest.mark.parametrize('soft', [False, True], ids=['hard', 'soft'])
@pytest.mark.parametrize(('size', 'dtype'), [(1e4, torch.float32), (80, torch.float16), (80, torch.bfloat16)])
def test_finite_at_extreme_logits(name, soft, size, dtype):
    logits, targets = (batch()[0].sign() * size).to(dtype), batch()[1]
    with torch.autocast('cpu', dtype=dtype, enabled=dtype != torch.float32):
        value = finite(build(name), logits, mixed(targets) if soft else targets)
    assert value > size / 40  # what is wrong is not clipped away


@every_loss
def test_finite_where_all_is_wrong_or_all_is_right(name):
    right = 1e4 * (2.0 * F.one_hot(batch()[1], 6) - 1)
    smoothed = 1e4 if name.startswith('las') else 0  # by its 0.1 to 0.4
    assert finite(build(name), right, batch()[1]) <= smoothed
    assert finite(build(name), -right, batch()[1]) > 100


@every_loss
@pytest.mark.parametrize('value', [0.0, 1e4])
def test_finite_where_all_logits_are_equal(name, value):
    assert finite(build(name), torch.full((8, 6), value), batch()[1]) > 0.1


@every_loss
@pytest.mark.parametrize(('images', 'classes'), [(8, 6), (1, 6), (8, 2)])
@pytest.mark.parametrize('counts', [COUNTS, [7] * 6, [0] * 6], ids=['long tail', 'equal', 'nothing'])
def test_finite_for_any_shape_and_counts(name, images, classes, counts):
    logits, targets = batch(images, classes, torch.float32)
    assert finite(build(name, counts[:classes]), logits, targets) > 0
    assert finite(build(name, counts[:classes]), logits, mixed(targets, classes=classes)) > 0


@every_loss
@pytest.mark.parametrize('count', [5, 0])
def test_a_single_class_costs_nothing(name, count):
    logits, targets = batch(8, 1, torch.float32)
    assert finite(build(name, [count]), 100 * logits, targets) == 0
    assert finite(build(name, [count]), logits, torch.ones(8, 1)) == 0


@every_loss
def test_mixed_labels_mix_the_losses(name):
    loss, (logits, targets) = build(name), batch()
    first, second = (seeded(loss, logits, y, reduction_override='none') for y in (targets, targets.flip(0)))
    value = seeded(loss, logits, mixed(targets), reduction_override='none')
    assert first.shape == (8,) and torch.allclose(value, 0.25 * first + 0.75 * second, rtol=1e-12)
    ids, shares = (seeded(loss, logits, y) for y in (targets, F.one_hot(targets, 6)))
    torch.testing.assert_close(shares, ids, rtol=1e-12, atol=0)
    half = seeded(loss, logits.float(), mixed(targets).half())  # shares of the host are float32 or rounder
    assert half.item() == pytest.approx(seeded(loss, logits.float(), mixed(targets)).item(), rel=1e-6)


@every_loss
def test_hosts_way_of_calling(name):
    loss, (logits, targets) = build(name), batch()
    elements = seeded(loss, logits, targets, reduction_override='none')
    assert seeded(loss, logits, targets, avg_factor=8).item() == pytest.approx(elements.mean().item())
    double = build(name, loss_weight=2.0, reduction='sum')
    assert seeded(double, logits, targets).item() == pytest.approx(2 * elements.sum().item())


@every_loss
def test_caller_keeps_its_tensors(name):
    (logits, targets), counts, weight = batch(), np.array(COUNTS), torch.ones(8)
    soft, copies = mixed(targets), (logits.clone(), targets.clone(), mixed(targets))
    loss = build(name, counts)
    first = seeded(loss, logits, targets, weight)
    seeded(loss, logits, soft, weight)
    assert all(map(torch.equal, (logits, targets, soft), copies)) and torch.equal(weight, torch.ones(8))
    assert counts.tolist() == COUNTS and torch.equal(seeded(loss, logits, targets), first)
    assert not loss.state_dict() and not list(loss.parameters())


@pytest.mark.parametrize(
    'name', [n for n in LOSSES if n != 'gcl stage 2']
)  # test_gcl has its detached weight
@pytest.mark.parametrize('soft', [False, True], ids=['hard', 'soft'])
def test_gradient(name, soft):
    loss, (logits, targets) = build(name), batch(4)
    targets = mixed(targets) if soft else targets
    assert torch.autograd.gradcheck(lambda z: seeded(loss, z, targets), logits.requires_grad_())


@every_loss
@pytest.mark.parametrize('half', [torch.float16, torch.bfloat16])
def test_half_precision_is_full_precision_of_the_rounded_logits(name, half):
    loss, (logits, targets) = build(name), batch(dtype=half)
    with torch.autocast('cpu', dtype=half):
        value = seeded(loss, logits, targets)
    assert value.dtype == torch.float32
    assert torch.equal(value, seeded(loss, logits.float(), targets))
    exact = build(name).eval()
    assert exact(logits, targets).item() == pytest.approx(exact(logits.double(), targets).item(), rel=1e-4)


@every_loss
def test_counts_must_be_known_and_fit(name):
    arguments = batch(8, 4)
    with pytest.raises(RuntimeError, match='(?s)class_counts.*ClassStatisticsHook'):
        MODELS.build(LOSSES[name])(*arguments)
    with pytest.raises(ValueError, match='4 classes.*6'):
        build(name)(*arguments)
    with pytest.raises(ValueError, match='class_counts'):
        build(name, [3, -1, 2, 2])
    explicit = MODELS.build(dict(LOSSES[name], class_counts=COUNTS[:4]))
    if hasattr(explicit, 'set_progress'):
        explicit.set_progress(1, 2)
    assert torch.equal(seeded(explicit, *arguments), seeded(build(name, COUNTS[:4]), *arguments))
    differs = not torch.equal(seeded(build(name, COUNTS[3::-1]), *arguments), seeded(explicit, *arguments))
    assert differs == (name != 'focal')  # with beta 0 no count matters

import math

import pytest
import torch
import torch.nn.functional as F

from mmlongtail.models.losses import GCLLoss

COUNTS = [500, 120, 33, 33, 5, 0]  # the last class counts as one with a single image
FORMS = {
    'log': dict(cloud='log'),
    'cos': dict(cloud='cos'),
    'third': dict(cloud='power'),
    'quarter': dict(cloud='power', power=0.25),
}
every_form = pytest.mark.parametrize('form', FORMS)


def sizes(form, counts):
    """delta / max delta, class by class."""
    counts = [max(n, 1) for n in counts]
    most = max(counts)
    exponent = dict(third=1 / 3, quarter=1 / 4).get(form)
    if form == 'log':
        delta = [math.log(most) - math.log(n) for n in counts]
    elif form == 'cos':
        delta = [0.0 if n == most else math.cos(math.pi / 2 * n / most) for n in counts]
    else:
        delta = [most**exponent - n**exponent for n in counts]
    return [d / max(delta) if max(delta) > 0 else 0.0 for d in delta]


def naive(cosines, shares, noise, form, counts, m=0.5, s=30, margin=0, gamma=0):
    """Eqs. (9) to (12), number by number in float64; shares are lists of (label, share)."""
    total, size = 0.0, sizes(form, counts)
    for row, e_row, labels in zip(cosines.tolist(), noise.tolist(), shares):
        z = [c - d * abs(max(-1, min(1, e))) * m for c, d, e in zip(row, size, e_row)]
        for y, share in labels:
            bottom = sum(math.exp(s * (v - margin * (j == y))) for j, v in enumerate(z))
            p = math.exp(s * (z[y] - margin)) / bottom
            total += share * (1 - p) ** gamma * -math.log(p)
    return total / len(cosines)


def batch(images=8, classes=6):
    generator = torch.Generator().manual_seed(0)
    cosines = torch.rand(images, classes, generator=generator, dtype=torch.float64) * 2 - 1
    return cosines, torch.arange(images) % classes


def seeded(loss, *arguments):
    """The loss and the noise that it draws."""
    with torch.random.fork_rng():
        torch.manual_seed(7)
        noise = torch.randn_like(arguments[0]) / 3
        torch.manual_seed(7)
        return loss(*arguments), noise


@every_form
@pytest.mark.parametrize('counts', [COUNTS, COUNTS[:3], [4, 9], [7]], ids=str)
@pytest.mark.parametrize('second_stage', [False, True])
def test_equals_the_equations(form, counts, second_stage):
    cosines, targets = batch(classes=len(counts))
    more = dict(scale=20, margin=0.1, focal_gamma=1, noise_mul=1) if second_stage else {}
    value, noise = seeded(GCLLoss(**FORMS[form], **more, class_counts=counts), cosines, targets)
    settings = dict(m=1, s=20, margin=0.1, gamma=1) if second_stage else {}
    expected = naive(cosines, [[(y, 1)] for y in targets.tolist()], noise, form, counts, **settings)
    assert value.item() == pytest.approx(expected, rel=1e-8, abs=1e-12)


@pytest.mark.parametrize('more', [{}, dict(margin=0.1), dict(margin=0.1, focal_gamma=1)], ids=str)
def test_mixed_labels_mix_the_losses(more):
    (cosines, first), lam = batch(), 0.3
    second = first.flip(0)
    mixed = lam * F.one_hot(first, 6) + (1 - lam) * F.one_hot(second, 6)
    loss = GCLLoss(**more, class_counts=COUNTS)
    value, noise = seeded(loss, cosines, mixed)
    settings = dict(margin=more.get('margin', 0), gamma=more.get('focal_gamma', 0))
    shares = [[(a, lam), (b, 1 - lam)] for a, b in zip(first.tolist(), second.tolist())]
    assert value.item() == pytest.approx(naive(cosines, shares, noise, 'log', COUNTS, **settings), rel=1e-6)
    parts = lam * seeded(loss, cosines, first)[0] + (1 - lam) * seeded(loss, cosines, second)[0]
    assert value.item() == pytest.approx(parts.item(), rel=1e-6)


@every_form
def test_cloud_sizes(form):
    size = GCLLoss(**FORMS[form]).cloud_sizes(torch.tensor(COUNTS).float())
    assert size.tolist() == pytest.approx(sizes(form, COUNTS), rel=1e-5)
    assert size[0] == 0 and size[5] == 1 and (size[1:] > 0).all()
    assert size[2].item() == pytest.approx(size[3].item())


def test_cloud_sizes_by_hand():
    def size(**form):
        return GCLLoss(**form).cloud_sizes(torch.tensor([16.0, 4.0, 1.0])).tolist()

    assert size() == pytest.approx([0, 0.5, 1])
    assert size(cloud='power', power=0.5) == pytest.approx([0, 2 / 3, 1])
    assert GCLLoss('cos').cloud_sizes(torch.tensor([3.0, 2.0, 1.0])).tolist() == pytest.approx(
        [0, 0.5 / 0.75**0.5, 1]  # cosines of 90, 60 and 30 degrees
    )


@every_form
@pytest.mark.parametrize('count', [7, 1, 0])
def test_equal_counts_have_no_cloud(form, count):
    cosines, targets = batch()
    loss = GCLLoss(**FORMS[form], class_counts=[count] * 6)
    assert loss.cloud_sizes(torch.full((6,), float(count))).tolist() == [0] * 6
    assert loss(cosines, targets).item() == pytest.approx(F.cross_entropy(30 * cosines, targets).item())


@every_form
def test_equal_counts_of_many_classes_have_no_cloud(form):
    """More than vector units take at once: what is left over is computed otherwise, and a power may round apart."""
    for count in range(1, 301):
        assert not GCLLoss(**FORMS[form]).cloud_sizes(torch.full((33,), float(count))).any(), count


def test_no_cloud_outside_training():
    cosines, targets = batch()
    loss = GCLLoss(class_counts=COUNTS).eval()
    assert loss(cosines, targets).item() == pytest.approx(F.cross_entropy(30 * cosines, targets).item())
    assert loss(cosines, targets) != loss.train()(cosines, targets)


def test_noise_is_new_for_each_call_and_comes_from_the_seed():
    loss, (cosines, targets) = GCLLoss(class_counts=COUNTS), batch()
    state = torch.get_rng_state()
    first, second = loss(cosines, targets), loss(cosines, targets)
    torch.set_rng_state(state)
    assert first != second and first == loss(cosines, targets)


def test_noise_is_that_of_the_paper():
    """A rare label against a class without cloud: the loss gives the noise back, |N(0, 1/9)| clamped to 1."""
    loss = GCLLoss(noise_mul=1, scale=1, class_counts=[9, 1], reduction='none')
    with torch.random.fork_rng():
        torch.manual_seed(0)
        losses = loss(torch.zeros(100_000, 2, dtype=torch.float64), torch.ones(100_000, dtype=torch.long))
    noise = (losses.exp() - 1).log()  # of two equal cosines: log(1 + exp(noise)) is the loss
    assert noise.min() >= -1e-9 and noise.max().item() == pytest.approx(1, abs=1e-9)
    for size, share in [(1 / 3, 0.682689), (2 / 3, 0.954500), (0.999999, 0.997300)]:
        assert (noise < size).double().mean().item() == pytest.approx(share, abs=5e-3)
    assert torch.unique(noise[noise < 1 - 1e-9]).numel() > 99_000  # one draw per image


def test_no_gradient_through_the_focal_weight():
    cosines, targets = batch()
    plain, focal = cosines.clone().requires_grad_(), cosines.clone().requires_grad_()
    F.cross_entropy(30 * plain, targets, reduction='none').sum().backward()
    GCLLoss(focal_gamma=1, class_counts=COUNTS).eval()(focal, targets, reduction_override='sum').backward()
    weight = 1 - (30 * cosines).softmax(1).gather(1, targets[:, None])
    assert torch.allclose(focal.grad, weight * plain.grad, rtol=1e-8)


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(cloud='exp'), "cloud is 'exp'.*power"),
        (dict(power=0), 'power is 0'),
        (dict(scale=0), 'scale is 0'),
        (dict(noise_mul=-1), 'noise_mul is -1'),
        (dict(margin=-0.1), 'margin is -0.1'),
        (dict(focal_gamma=-1), 'focal_gamma is -1'),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        GCLLoss(**arguments)

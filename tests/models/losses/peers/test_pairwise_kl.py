import math

import pytest
import torch
import torch.nn.functional as F

from mmlongtail.models.losses.peers.pairwise_kl import pairwise_binary_kl, pairwise_kl

GRADIENTS = ['both', 'first', 'second']


def logits(n=3, images=4, classes=5, size=2.0):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(n, images, classes, generator=generator, dtype=torch.float64) * size


def some_classes(images=4, classes=5):
    mask = torch.rand(images, classes, generator=torch.Generator().manual_seed(1)) < 0.5
    return mask.index_fill(1, torch.tensor([2]), True)  # one at least


def log_softmax(z, mask=None):
    return F.log_softmax(z if mask is None else z.masked_fill(~mask, -math.inf), dim=-1)


def sides(first, second, gradient):
    return (
        first.detach() if gradient == 'second' else first,
        second.detach() if gradient == 'first' else second,
    )


def naive(z, gradient, mask=None):
    """KL pair by pair and class by class, of the log-softmax over each image's classes of the mask."""
    n, images, classes = z.shape
    total = [z.new_zeros(()) for _ in range(images)]
    for i in range(images):
        chosen = [j for j in range(classes) if mask is None or mask[i, j]]
        rows = [torch.log(z[k, i, chosen].exp() / z[k, i, chosen].exp().sum()) for k in range(n)]
        for k in range(n):
            for q in range(n):
                a, b = sides(rows[k], rows[q], gradient)
                for j in range(len(chosen) if q != k else 0):
                    total[i] = total[i] + a[j].exp() * (a[j] - b[j])
    return torch.stack(total)


def partial(z, gradient='both', mask=None):
    return pairwise_kl(log_softmax(z), gradient, mask)


def naive_partial(z, gradient, mask=None):
    """The same sum over the classes of the mask, of the log-softmax over all of them."""
    n, images, classes = z.shape
    total = [z.new_zeros(()) for _ in range(images)]
    for i in range(images):
        rows = [torch.log(z[k, i].exp() / z[k, i].exp().sum()) for k in range(n)]
        for k, q in [(k, q) for k in range(n) for q in range(n) if q != k]:
            a, b = sides(rows[k], rows[q], gradient)
            for j in range(classes):
                if mask is None or mask[i, j]:
                    total[i] = total[i] + a[j].exp() * (a[j] - b[j])
    return torch.stack(total)


def naive_binary(z, gradient, mask=None):
    """The same for one logistic probability of each class."""
    n, images, classes = z.shape
    total = [z.new_zeros(()) for _ in range(images)]
    for i in range(images):
        for j in range(classes):
            for k, q in [(k, q) for k in range(n) for q in range(n) if q != k]:
                if mask is None or mask[i, j]:
                    p, r = sides(1 / (1 + (-z[k, i, j]).exp()), 1 / (1 + (-z[q, i, j]).exp()), gradient)
                    total[i] = total[i] + p * torch.log(p / r) + (1 - p) * torch.log((1 - p) / (1 - r))
    return torch.stack(total)


def fast(z, gradient='both', mask=None):
    return pairwise_kl(log_softmax(z, mask), gradient, mask)


FORMS = pytest.mark.parametrize(
    ('function', 'reference'),
    [(fast, naive), (partial, naive_partial), (pairwise_binary_kl, naive_binary)],
    ids=['softmax', 'partial', 'binary'],
)


@FORMS
@pytest.mark.parametrize('masked', [False, True])
@pytest.mark.parametrize('gradient', GRADIENTS)
@pytest.mark.parametrize('n', [1, 2, 3, 4])
def test_value_and_gradient_equal_the_double_loop(function, reference, n, gradient, masked):
    mask = some_classes() if masked else None
    weights = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)  # other gradients for other images
    results = []
    for formula in (function, reference):
        z = logits(n).requires_grad_()
        value = formula(z, gradient, mask)
        (value * weights + 0 * z.sum()).sum().backward()
        results.append((value.detach(), z.grad))
    assert torch.allclose(results[0][0], results[1][0], rtol=1e-10, atol=1e-13)
    assert torch.allclose(results[0][1], results[1][1], rtol=1e-8, atol=1e-12)
    assert n == 1 or results[0][1].abs().sum() > 0.1


def test_the_three_gradients_differ_and_add_up():
    grads = {}
    for gradient in GRADIENTS:
        z = logits().requires_grad_()
        fast(z, gradient).sum().backward()
        grads[gradient] = z.grad
    assert torch.allclose(grads['first'] + grads['second'], grads['both'])
    assert not torch.allclose(grads['first'], grads['second'], rtol=0.1)


def test_by_hand():
    log_probs = torch.tensor([[0.5, 0.5], [0.25, 0.75]], dtype=torch.float64).log()
    forth = 0.5 * math.log(2) + 0.5 * math.log(2 / 3)
    back = 0.25 * math.log(0.5) + 0.75 * math.log(1.5)
    assert pairwise_kl(log_probs).item() == pytest.approx(forth + back, rel=1e-12)
    one_class = torch.tensor([[0.0], [math.log(3)]], dtype=torch.float64)  # logistic 1/2 and 3/4
    assert pairwise_binary_kl(one_class).item() == pytest.approx(forth + back, rel=1e-12)


@FORMS
@pytest.mark.parametrize('n', [2, 3, 7])
def test_equal_peers_are_exactly_0(function, reference, n):
    z = logits(1, size=30.0).float().repeat(n, 1, 1).requires_grad_()
    value = function(z)
    value.sum().backward()
    assert value.tolist() == [0] * 4 and z.grad.abs().max() < 1e-5  # vectorized exp may round places apart


@FORMS
def test_nearly_equal_peers_keep_their_digits(function, reference):
    z = logits(1).repeat(2, 1, 1)
    z[1] += 1e-3 * logits(2)[1]
    assert torch.allclose(function(z.float()).double(), reference(z.float().double(), 'both'), rtol=1e-3)


@FORMS
@pytest.mark.parametrize('gradient', GRADIENTS)
@pytest.mark.parametrize('masked', [False, True])
def test_finite_at_extreme_logits(function, reference, gradient, masked):
    z = (logits(size=1.0).sign() * 1e4).float().requires_grad_()
    value = function(z, gradient, some_classes() if masked else None)
    value.sum().backward()
    assert value.isfinite().all() and z.grad.isfinite().all() and value.max() > 1e4


@pytest.mark.parametrize('function', [fast, pairwise_binary_kl])
@pytest.mark.parametrize('gradient', GRADIENTS)
def test_classes_outside_the_mask_get_no_gradient(function, gradient):
    z, mask = logits().requires_grad_(), some_classes()
    function(z, gradient, mask).sum().backward()
    assert not z.grad[:, ~mask].any() and z.grad[:, mask].any()


def saved_for_backward(function, z):
    """Elements of the tensors that autograd keeps, each storage once, and the largest."""
    kept = {}
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: kept.update({t.data_ptr(): t.numel()}) or t, lambda t: t
    ):
        value = function(z.requires_grad_())
    return sum(kept.values()), max(kept.values()), value


@FORMS
def test_memory_is_linear_in_the_peers(function, reference):
    sizes = {}
    for n in (2, 4, 8):
        sizes[n], largest, _value = saved_for_backward(function, logits(n))
        assert largest <= n * 4 * 5
    assert sizes[8] <= 2 * sizes[4] <= 4 * sizes[2]
    quadratic = [saved_for_backward(lambda z: reference(z, 'both'), logits(n))[0] for n in (2, 8)]
    assert quadratic[1] > 8 * quadratic[0]  # so the measure does see pairs


def test_leading_shapes_are_free():
    z = logits(3, 4, 5)
    torch.testing.assert_close(fast(z.view(3, 2, 2, 5)), fast(z).view(2, 2), rtol=1e-12, atol=0)
    torch.testing.assert_close(fast(z[:, 0]), fast(z)[0], rtol=1e-12, atol=0)
    assert fast(z[:, :0]).shape == (0,)


def test_unknown_gradient():
    for function in (fast, pairwise_binary_kl):
        with pytest.raises(ValueError, match="gradient is 'none'.*both.*first.*second"):
            function(logits(), 'none')

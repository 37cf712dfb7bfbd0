"""The order of the keys, worked by hand."""

import pytest
import torch

from mmlongtail.models.selfsup import KeyQueue


def keys(*numbers):
    """One key (1, 1) of length 1 per number."""
    return torch.tensor(numbers, dtype=torch.float32).reshape(-1, 1, 1)


def test_the_oldest_leave_first_whatever_the_batch_size():
    queue = KeyQueue(queue_len=4, num_experts=1, feat_dim=1)
    queue.keys = keys(-4, -3, -2, -1)
    for batch, left in [
        ((1, 2, 3), (-1, 1, 2, 3)),
        ((4, 5, 6), (3, 4, 5, 6)),  # 4 is no multiple of 3
        ((7,), (4, 5, 6, 7)),
        ((), (4, 5, 6, 7)),
        ((8, 9, 10, 11), (8, 9, 10, 11)),
        ((12, 13, 14, 15, 16, 17), (14, 15, 16, 17)),  # more than it holds
    ]:
        queue.enqueue(keys(*batch))
        assert queue.keys.flatten().tolist() == list(left)
        assert queue.keys.untyped_storage().nbytes() == 4 * 4  # no longer than itself in a checkpoint


def test_experts_do_not_mix():
    queue = KeyQueue(queue_len=3, num_experts=2, feat_dim=5)
    new = torch.randn(2, 2, 5)
    oldest = queue.keys[2].clone()
    queue.enqueue(new)
    assert torch.equal(queue.keys, torch.stack([oldest, new[0], new[1]]))


def test_it_starts_with_sown_unit_vectors():
    starts = []
    for _ in range(2):
        torch.manual_seed(3)
        starts.append(KeyQueue(8, 2, 5).keys)
    assert torch.equal(*starts)
    assert torch.allclose(starts[0].norm(dim=-1), torch.ones(8, 2))
    assert not torch.allclose(starts[0][0], starts[0][1])


def test_the_backward_pass_is_of_the_keys_before():
    queue = KeyQueue(2, 1, 3)
    before, query = queue.keys.clone(), torch.randn(3, requires_grad=True)
    similarity = (queue.keys @ query).sum()
    queue.enqueue(torch.randn(1, 1, 3))
    similarity.backward()
    torch.testing.assert_close(query.grad, before.sum(dim=(0, 1)))


def test_half_precision_keys_are_kept_in_the_dtype_of_the_queue():
    queue = KeyQueue(2, 1, 3)
    queue.enqueue(torch.randn(1, 1, 3, dtype=torch.float16, requires_grad=True))
    assert queue.keys.dtype == torch.float32 and not queue.keys.requires_grad


@pytest.mark.parametrize('name', ['queue_len', 'num_experts', 'feat_dim'])
def test_bad_sizes(name):
    sizes = dict(queue_len=4, num_experts=1, feat_dim=2)
    with pytest.raises(ValueError, match=f'{name} is 0'):
        KeyQueue(**sizes | {name: 0})

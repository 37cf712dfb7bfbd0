import pytest
import torch
from torch import nn

from mmlongtail.models.losses.peers.streams import loss_or_zero, stream_rows


def test_rows_by_hand():
    rows = stream_rows(['u', 'r', 'absent'], ['u', 'r', 'r', 'u'], torch.device('cpu'))
    assert {name: row.tolist() for name, row in rows.items()} == {'u': [0, 3], 'r': [1, 2], 'absent': []}
    assert all(row.dtype == torch.long for row in rows.values())  # an empty one must index too


@pytest.mark.parametrize(
    ('streams', 'words'), [(['u', None], 'DrawDataset.*StreamSampler'), (['u', 'x'], r"\['x'\].*\['u'\]")]
)
def test_images_of_no_or_of_another_stream(streams, words):
    with pytest.raises(ValueError, match=words):
        stream_rows(['u'], streams, torch.device('cpu'))


class Scaled(nn.Module):
    """The mean of logits times a learned factor of each class."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor([3.0, 3.0]))

    def forward(self, logits, targets):
        return (self.factor * logits).mean()


def test_no_images_cost_nothing_and_leave_no_parameter_without_gradient():
    loss, logits = Scaled(), torch.ones(0, 2, requires_grad=True)
    value = loss_or_zero(loss, logits, torch.ones(0, 2))
    value.backward()
    assert value.item() == 0 and loss.factor.grad.tolist() == [0, 0] and logits.grad.shape == (0, 2)
    assert loss_or_zero(loss, torch.full((4, 2), 2.0), torch.ones(4, 2)).item() == 6

import pytest
import torch

from mmlongtail.models.losses import MultiLabelLoss


class Square(MultiLabelLoss):
    """Elements whose reductions are easily worked by hand; they say in which dtype they were computed."""

    def elementwise(self, logits, targets):
        self.dtype = (logits @ logits.T).dtype  # autocast would make this product half precision
        return (logits - targets) ** 2


LOGITS = torch.tensor([[1.0, 3.0], [0.0, 4.0], [2.0, 2.0]])
TARGETS = torch.tensor([[0, 1], [0, 0], [1, 1]])  # elements 1 4 | 0 16 | 1 1, per image 2.5, 8, 1


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        (dict(), 11.5 / 3),
        (dict(avg_factor=3), 11.5 / 3),  # what the host's heads pass: still the mean over classes
        (dict(avg_factor=10), 1.15),
        (dict(reduction_override='sum'), 11.5),
        (dict(weight=torch.tensor([1.0, 0.0, 2.0])), 4.5 / 3),
        (dict(weight=torch.tensor([[0, 1], [0, 1], [1, 0]])), (2 + 8 + 0.5) / 3),
        (dict(weight=torch.tensor([1.0, 0.0, 2.0]), avg_factor=2), 2.25),
    ],
)
def test_reductions_by_hand(arguments, expected):
    assert Square()(LOGITS, TARGETS, **arguments).item() == pytest.approx(expected, rel=1e-6)
    assert Square(loss_weight=0.5)(LOGITS, TARGETS, **arguments).item() == pytest.approx(
        expected / 2, rel=1e-6
    )


def test_a_weight_of_another_type_leaves_the_losses_type():
    assert Square()(LOGITS, TARGETS, weight=torch.ones(3, dtype=torch.float64)).dtype == torch.float32


def test_elements_without_reduction():
    assert Square('none')(LOGITS, TARGETS).tolist() == [[1, 4], [0, 16], [1, 1]]


@pytest.mark.parametrize('half', [torch.bfloat16, torch.float16])
def test_runs_in_full_precision_under_autocast(half):
    loss = Square()
    with torch.autocast('cpu', dtype=half):
        result = loss(LOGITS.to(half), TARGETS)
    assert loss.dtype == result.dtype == torch.float32
    assert loss(LOGITS.double(), TARGETS).dtype == torch.float64


@pytest.mark.parametrize(
    ('build', 'call', 'words'),
    [
        (dict(reduction='max'), None, "'max'.*none"),
        (dict(), dict(reduction_override='max'), "'max'.*none"),
        (dict(reduction='sum'), dict(avg_factor=3), 'avg_factor=3.*sum'),
        (dict(), dict(targets=torch.ones(3, 1)), r'\(3, 2\).*\(3, 1\).*\(B, K\)'),
        (dict(), dict(logits=torch.ones(3), targets=torch.ones(3)), r'\(3,\).*\(B, K\)'),
    ],
)
def test_errors_name_field_and_value(build, call, words):
    with pytest.raises(ValueError, match=words):
        loss = Square(**build)
        loss(**dict(dict(logits=LOGITS, targets=TARGETS), **call))

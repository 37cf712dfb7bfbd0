"""Where each row of a batch is found, by counting rows in loops."""

from dataclasses import FrozenInstanceError

import pytest
import torch

from mmlongtail.structures import BatchLayout


@pytest.mark.parametrize('sizes', [(2, 4, 3), (1, 1, 1), (3, 1, 2), (1, 5, 2), (2, 3, 0)])
@pytest.mark.parametrize('rest', [(), (7,), (3, 2, 2)])
def test_branch_after_branch_view_after_view_image_after_image(sizes, rest):
    layout, (branches, views, images) = BatchLayout(*sizes), sizes
    rows = torch.randn(branches * views * images, *rest)
    batch = layout.split(rows)
    assert batch.shape == (*sizes, *rest) and layout.inputs == views * images
    numbers = iter(range(len(rows)))
    for b in range(branches):
        for v in range(views):
            for i in range(images):
                assert torch.equal(batch[b, v, i], rows[next(numbers)])
    assert torch.equal(layout.flatten(batch), rows)


def test_rows_of_each_branch_of_its_own_channels():
    parts = torch.randn(12, 5), torch.randn(12, 7)
    for given in (parts, list(parts)):
        first, second = BatchLayout(branches=2, views=3, images=4).split(given)
        assert first.shape == (3, 4, 5) and second.shape == (3, 4, 7)
        assert torch.equal(first[0, 3], parts[0][3]) and torch.equal(second[1, 2], parts[1][6])


def test_both_ways_keep_gradients_and_memory():
    layout, rows = BatchLayout(2, 2, 3), torch.randn(12, 4, requires_grad=True)
    batch = layout.split(rows)
    assert batch.data_ptr() == rows.data_ptr() == layout.flatten(batch).data_ptr()
    batch[1, 0, 2].sum().backward()
    assert rows.grad.nonzero()[:, 0].unique().tolist() == [8]


def test_layout_of_a_networks_inputs():
    assert BatchLayout.of_inputs(12, views=4, branches=2) == BatchLayout(2, 4, 3)
    assert BatchLayout.of_inputs(12) == BatchLayout(branches=1, views=1, images=12)
    with pytest.raises(FrozenInstanceError):
        BatchLayout(1, 1, 1).views = 2


@pytest.mark.parametrize(
    ('run', 'words'),
    [
        (lambda: BatchLayout(0, 1, 1), 'branches is 0, expected a whole number >= 1'),
        (lambda: BatchLayout(1, 1.0, 1), 'views is 1.0'),
        (lambda: BatchLayout(1, 1, -1), 'images is -1, expected a whole number >= 0'),
        (lambda: BatchLayout.of_inputs(10, views=4), 'num_views=4: got a batch of 10'),
        (lambda: BatchLayout.of_inputs(10, views=0), 'views is 0'),
        (lambda: BatchLayout(2, 3, 4).split(torch.zeros(12)), r'12 rows, expected 24: .* = 2 x 3 x 4'),
        (lambda: BatchLayout(2, 3, 4).split([torch.zeros(12)]), r'\[12\] rows, expected 24'),
        (lambda: BatchLayout(2, 3, 4).split([torch.zeros(12), torch.zeros(11)]), r'\[12, 11\] rows'),
        (
            lambda: BatchLayout(2, 3, 4).flatten(torch.zeros(2, 4, 3)),
            r'\(2, 4, 3\), expected .* = \(2, 3, 4\)',
        ),
    ],
)
def test_what_does_not_fit(run, words):
    with pytest.raises(ValueError, match=words):
        run()

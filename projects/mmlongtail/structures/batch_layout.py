"""What the rows of a batch are: its branches, views and images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from . import checks


@dataclass(frozen=True)
class BatchLayout:
    """The axes of a batch, whose rows stand branch after branch, in each view after view, in each image after image.

    Args:
        branches: Branches, or experts, of the network.
        views: Views of each image, such as augmented copies or mirror images.
        images: Images.

    Raises:
        ValueError: For a number that is not whole or too small, and in each method for what does not fit the layout.

    Example:
        >>> BatchLayout.of_inputs(8, views=4, branches=2)
        BatchLayout(branches=2, views=4, images=2)
    """

    branches: int
    views: int
    images: int

    def __post_init__(self) -> None:
        for name, at_least in dict(branches=1, views=1, images=0).items():
            checks.whole(name, getattr(self, name), at_least)

    @classmethod
    def of_inputs(cls, inputs: int, views: int = 1, branches: int = 1) -> BatchLayout:
        """The layout of a batch in which each image comes in ``views`` of the ``inputs``."""
        if inputs % checks.whole('views', views):
            raise ValueError(
                f'num_views={views}: got a batch of {inputs}, expected {views} views of each image'
            )
        return cls(branches, views, inputs // views)

    @property
    def inputs(self) -> int:
        """Rows of one branch: all views of all images."""
        return self.views * self.images

    def split(self, rows: Tensor | Sequence[Tensor]) -> Tensor | tuple[Tensor, ...]:
        """Rows (branches x views x images, ...) as (branches, views, images, ...), or those of each branch apart."""
        got = len(rows) if isinstance(rows, Tensor) else [len(part) for part in rows]
        axes, own = (self.branches, self.views, self.images), [self.inputs] * self.branches
        if got not in (sum(own), own):
            raise ValueError(
                f'{got} rows, expected {sum(own)}: branches x views x images = {" x ".join(map(str, axes))}'
            )
        if isinstance(rows, Tensor):
            return rows.unflatten(0, axes)
        return tuple(part.unflatten(0, axes[1:]) for part in rows)

    def flatten(self, batch: Tensor) -> Tensor:
        """Rows (branches x views x images, ...) of a batch (branches, views, images, ...)."""
        axes = (self.branches, self.views, self.images)
        if batch.shape[:3] != axes:
            raise ValueError(
                f'a batch {tuple(batch.shape)}, expected (branches, views, images, ...) = {axes}'
            )
        return batch.flatten(0, 2)

"""What the rows of a batch are: its branches, views and images."""

from __future__ import annotations

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
        ValueError: For a number that is not whole, below 1, or below 0 images.

    Example:
        >>> layout = BatchLayout.of_inputs(8, views=4, branches=2)
        >>> layout
        BatchLayout(branches=2, views=4, images=2)
        >>> layout.rows
        16
    """

    branches: int
    views: int
    images: int

    def __post_init__(self) -> None:
        checks.whole('branches', self.branches)
        checks.whole('views', self.views)
        checks.whole('images', self.images, at_least=0)

    @classmethod
    def of_inputs(cls, inputs: int, views: int = 1, branches: int = 1) -> BatchLayout:
        """The layout of a batch in which each image comes in ``views`` of the ``inputs``.

        Raises:
            ValueError: If these are not as many views of each image.
        """
        if inputs % checks.whole('views', views):
            raise ValueError(
                f'num_views={views} with a batch of {inputs}: expected {views} views of each image'
            )
        return cls(branches, views, inputs // views)

    @property
    def inputs(self) -> int:
        """Rows of one branch: all views of all images."""
        return self.views * self.images

    @property
    def rows(self) -> int:
        """Rows of all branches."""
        return self.branches * self.inputs

    def split(self, rows: Tensor) -> Tensor:
        """Rows (branches x views x images, ...) with their axes, (branches, views, images, ...).

        Raises:
            ValueError: For another number of rows.
        """
        if len(rows) != self.rows:
            raise ValueError(
                f'{len(rows)} rows, expected {self.rows}: branches x views x images = '
                f'{self.branches} x {self.views} x {self.images}'
            )
        return rows.unflatten(0, (self.branches, self.views, self.images))

    def flatten(self, batch: Tensor) -> Tensor:
        """Rows (branches x views x images, ...) of a batch with its axes, (branches, views, images, ...).

        Raises:
            ValueError: For axes of other lengths.
        """
        axes = (self.branches, self.views, self.images)
        if batch.shape[:3] != axes:
            raise ValueError(
                f'a batch {tuple(batch.shape)}, expected (branches, views, images, ...) = {axes}'
            )
        return batch.flatten(0, 2)

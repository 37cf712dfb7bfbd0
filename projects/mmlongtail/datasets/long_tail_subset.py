"""Any single-label set made long-tailed."""

from mmpretrain.registry import DATASETS

from ..structures import ClassStatistics
from .imbalance import draw_images, imbalanced_counts


@DATASETS.register_module()
class LongTailSubset:
    """A long-tailed part of a data set, drawn as the long-tail papers draw CIFAR-LT (METHODS 0).

    The classes keep their order: the first one is the largest. The images come class after class, as drawn.

    Args:
        dataset: The whole single-label data set or its config.
        imbalance_factor: Ratio of the largest to the smallest class.
        imbalance_type: 'exp' or 'step', see :func:`imbalanced_counts`.
        max_count: Images of the largest class; None takes as many as the smallest class of the whole set has, so
            that there are always enough.
        seed: Seed of the draw, the same in every run whatever the run's own.

    Raises:
        ValueError: If an image does not have exactly one class, the factor or the type is out of range, or a class has
            fewer images than the draw needs.
    """

    def __init__(
        self,
        dataset: dict,
        imbalance_factor: float = 100,
        imbalance_type: str = 'exp',
        max_count: int | None = None,
        seed: int = 0,
    ) -> None:
        self.dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        statistics = ClassStatistics.from_dataset(self.dataset)
        images, labels = statistics.labels
        if images.tolist() != list(range(statistics.num_images)):
            raise ValueError(
                f'{type(self.dataset).__name__} has images with no class or several, LongTailSubset expects one each; '
                'tools/data/make_long_tail.py makes a long-tailed part of a multi-label set'
            )
        largest = int(statistics.class_counts.min()) if max_count is None else max_count
        targets = imbalanced_counts(len(statistics.classes), largest, imbalance_factor, imbalance_type)
        self.indices = draw_images(labels, targets, statistics.classes, seed).tolist()

    @property
    def metainfo(self) -> dict:
        return self.dataset.metainfo

    def full_init(self) -> None:
        """Nothing is left to do: the draw needed the labels."""

    def get_data_info(self, index: int) -> dict:
        return self.dataset.get_data_info(self.indices[index])

    def get_cat_ids(self, index: int) -> list[int]:
        return self.dataset.get_cat_ids(self.indices[index])

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> dict:
        return self.dataset[self.indices[index]]

"""The embedded demo set: long-tailed multi-label images of real handwritten digits; nothing to download."""

import numpy as np
from mmpretrain.datasets import MultiLabelDataset
from mmpretrain.registry import DATASETS

from mmlongtail.structures import checks

from .long_tail_split import pareto_counts
from .transforms.compose_digits import INK_HUES, MAX_DIGITS, handwritten_digits

INKS = tuple(INK_HUES)
NUM_CLASSES = 10 * len(INKS)
# of the handwritten digits in each part's; they are by other hands for the most part
PARTS = dict(train=range(1000), val=range(1000, 1200), test=range(1200, 1797))


@DATASETS.register_module()
class LongTailDigits(MultiLabelDataset):
    """Images of one to four handwritten digits in colored ink; a class is a digit in a color, e.g. 'red 3'.

    Class i is the digit ``i % 10`` in the color ``(i // 10 + i % 10) % 3``, from the most to the least frequent
    class: each digit and each color is as frequent as any other, only their combination is rare. Every class has
    images of its own, as many as a Pareto distribution says, and each image shows up to three companions drawn
    by the same long-tailed weights, so that head classes turn up beside everything. The training and the
    test part use different handwritten digits. Samples hold no image: ``ComposeDigits`` must open the pipeline.

    Args:
        split: 'train' or 'test': the handwritten digits that are used.
        max_count: Own images of the most frequent class.
        min_count: Own images of the rarest class; equal to ``max_count`` for a balanced set.
        power: Power of the Pareto distribution.
        seed: Another seed gives another set of the same kind.
        kwargs: Arguments of the host's ``MultiLabelDataset``, like ``pipeline``.

    Raises:
        ValueError: If an argument is out of range.
    """

    METAINFO = dict(classes=tuple(f'{INKS[(i // 10 + i % 10) % 3]} {i % 10}' for i in range(NUM_CLASSES)))

    def __init__(
        self,
        split: str = 'train',
        max_count: int = 240,
        min_count: int = 3,
        power: float = 6,
        seed: int = 0,
        **kwargs,
    ):
        self.split = checks.choice('split', split, tuple(PARTS))
        self.seed = checks.whole('seed', seed, at_least=0)
        self.own_counts = pareto_counts(len(self.METAINFO['classes']), max_count, min_count, power)
        super().__init__(ann_file='', **kwargs)

    def load_data_list(self) -> list[dict]:
        """Draw the labels of every image, the handwritten digits that show them, and a seed for the rest."""
        rng = self._generator()
        labels, shown = self._draw_labels(rng)
        digits = self._draw_digits(labels % 10, rng)
        seeds = rng.integers(2**31, size=len(labels))
        return [
            dict(
                gt_label=label[show].tolist(),
                digits=digit[show].tolist(),
                inks=[self.METAINFO['classes'][i].split()[0] for i in label[show]],
                seed=int(seed),
            )
            for label, digit, show, seed in zip(labels, digits, shown, seeds)
        ]

    def _generator(self) -> np.random.Generator:
        return np.random.default_rng([self.seed, ('train', 'test', 'val').index(self.split)])

    def _draw_labels(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Distinct classes for every image, its own class first, (N, 4), and which of them it shows, (N, 4) bool."""
        own = np.repeat(np.arange(NUM_CLASSES), self.own_counts)
        keys = np.log(self.own_counts) + rng.gumbel(
            size=(len(own), NUM_CLASSES)
        )  # top keys: draws without return
        keys[np.arange(len(own)), own] = np.inf
        labels = np.argsort(-keys, axis=1)[:, :MAX_DIGITS]
        return labels, np.arange(MAX_DIGITS) < rng.integers(1, MAX_DIGITS, (len(own), 1), endpoint=True)

    def _draw_digits(self, values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A handwritten digit of this part for every value 0 to 9, as indices into ``handwritten_digits()``."""
        part = PARTS[self.split]
        targets = handwritten_digits()[1][part]
        by_value = np.argsort(targets, kind='stable') + part.start
        sizes = np.bincount(targets, minlength=10)
        return by_value[(np.cumsum(sizes) - sizes)[values] + rng.integers(sizes[values])]

    def extra_repr(self) -> list[str]:
        """The part and its size in the host's summary."""
        return [
            f'Split: \t{self.split}',
            f'Own images: \t{self.own_counts.max()} to {self.own_counts.min()}',
        ]


@DATASETS.register_module()
class LongTailSingleDigits(LongTailDigits):
    """Images of one handwritten digit each, for single-label methods: a class is a digit, in any ink.

    Class 0 is the most frequent one. Arguments and errors are those of :class:`LongTailDigits`; the counts fall
    exponentially for a large ``power``.
    """

    METAINFO = dict(classes=tuple(map(str, range(10))))

    def load_data_list(self) -> list[dict]:
        """Draw the handwritten digit of every image, its ink, and a seed for the rest."""
        rng = self._generator()
        labels = np.repeat(np.arange(len(self.own_counts)), self.own_counts)
        digits = self._draw_digits(labels, rng)
        inks = rng.choice(INKS, len(labels))
        seeds = rng.integers(2**31, size=len(labels))
        return [
            dict(gt_label=int(label), digits=[int(digit)], inks=[str(ink)], seed=int(seed))
            for label, digit, ink, seed in zip(labels, digits, inks, seeds)
        ]

    def get_cat_ids(self, idx: int) -> list[int]:
        """The class of an image, in a list as the host has it."""
        return [self.get_data_info(idx)['gt_label']]

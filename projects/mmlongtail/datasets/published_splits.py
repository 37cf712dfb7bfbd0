"""What is published of the splits, to check a prepared copy against; training never reads this."""

from dataclasses import dataclass

import numpy as np

from ..structures import MULTI_LABEL, ClassStatistics
from .text_file import some_of

RAW = 'https://raw.githubusercontent.com/wutong16/DistributionBalancedLoss/master/appendix'


@dataclass(frozen=True)
class SplitFacts:
    """Size of one part of a single-label benchmark.

    Args:
        images: Images in all.
        classes: Classes.
        largest: Images of the largest class.
        smallest: Images of the smallest class.
    """

    images: int
    classes: int
    largest: int
    smallest: int

    def compare(self, statistics: ClassStatistics) -> tuple[str, bool]:
        """Compare a prepared copy with what is published.

        Returns:
            A report to print, a row per number, and whether all are equal.
        """
        counts = statistics.class_counts
        here = dict(
            images=statistics.num_images,
            classes=len(counts),
            largest=int(counts.max()),
            smallest=int(counts.min()),
        )
        rows = ['    here  published']
        for name, number in here.items():
            published = getattr(self, name)
            what = name if name in ('images', 'classes') else f'images of the {name} class'
            rows.append(f'{number:8d}  {published:9d}  {what}{mark(number, published)}')
        return '\n'.join(rows), all(number == getattr(self, name) for name, number in here.items())


@dataclass(frozen=True)
class PublishedSplit:
    """Size and class counts of a published training split (Wu et al., Distribution-Balanced Loss, ECCV 2020).

    Args:
        name: Name of the split.
        ids_url: Where its authors keep the list of its training images, as text whatever its suffix.
        num_train: Training images.
        num_test: Test images.
        class_counts: Training images per class, (K,).
    """

    name: str
    ids_url: str
    num_train: int
    num_test: int
    class_counts: tuple[int, ...]

    def compare(self, train: ClassStatistics, num_test: int) -> tuple[str, bool]:
        """Compare a prepared copy with the split.

        Args:
            train: Statistics of the copy's training part.
            num_test: Images of its test part.

        Returns:
            A report to print, with a row per class, and whether everything is equal.

        Raises:
            ValueError: If the copy has another number of classes.
        """
        if len(train.classes) != len(self.class_counts):
            raise ValueError(
                f'{self.name} has {len(self.class_counts)} classes, this copy has {len(train.classes)}: '
                f'{some_of(list(train.classes))}'
            )
        sizes = (('training', train.num_images, self.num_train), ('test', num_test, self.num_test))
        rows = [f'{self.name}: images here, published']
        rows += [f'{n:8d} {published:8d}  {part} images{mark(n, published)}' for part, n, published in sizes]
        pairs = list(zip(train.classes, train.class_counts.tolist(), self.class_counts, strict=True))
        rows += [f'{n:8d} {published:8d}  {name}{mark(n, published)}' for name, n, published in pairs]
        sizes_of_groups = np.bincount(MULTI_LABEL.assign(train.class_counts), minlength=3)
        rows.append('head:medium:tail classes ' + ':'.join(map(str, sizes_of_groups)))
        wrong = sum(n != published for _, n, published in (*sizes, *pairs))
        rows.append(
            f'{wrong} of these counts DIFFER from the published ones' if wrong else 'all as published'
        )
        return '\n'.join(rows), not wrong


def mark(here: int, published: int) -> str:
    """Say by how much a count differs, or nothing."""
    return '' if here == published else f'  <- differs by {here - published:+d}'


# fmt: off
VOC_LT_COUNTS = (
    6, 34, 8, 14, 154, 17, 249, 29, 479, 4, 240, 48, 11, 20, 775, 100, 5, 82, 7, 64,
)
COCO_LT_COUNTS = (
    1128, 37, 276, 32, 9, 41, 18, 87, 20, 50, 11, 13, 8, 97, 19, 49, 70, 17, 7, 10,
    8, 6, 7, 7, 100, 39, 189, 31, 24, 11, 12, 8, 35, 10, 25, 21, 17, 10, 20, 460,
    84, 498, 126, 207, 173, 366, 39, 35, 44, 36, 29, 25, 14, 45, 16, 73, 585, 153, 164, 44,
    624, 25, 200, 137, 70, 89, 73, 127, 91, 175, 9, 237, 119, 292, 87, 113, 15, 21, 6, 11,
)
# fmt: on
VOC_LT = PublishedSplit('VOC-LT', f'{RAW}/VOCdevkit/longtail2012/img_id.txt', 1142, 4952, VOC_LT_COUNTS)
COCO_LT = PublishedSplit('COCO-LT', f'{RAW}/coco/longtail2017/img_id.pkl', 1909, 5000, COCO_LT_COUNTS)

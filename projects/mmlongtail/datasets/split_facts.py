"""What is published of a single-label benchmark's parts, to check a prepared copy against."""

from dataclasses import dataclass

from ..structures import ClassStatistics
from .published_splits import mark


@dataclass(frozen=True)
class SplitFacts:
    """Size of one part of a benchmark; training never reads it.

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

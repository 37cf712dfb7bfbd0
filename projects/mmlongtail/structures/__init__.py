"""What every other part of the package stands on."""

from . import checks
from .batch_layout import BatchLayout
from .class_statistics import GROUP_NAMES, ClassStatistics, class_groups, group_edges, image_labels
from .protocols import TakesClassMeans, TakesClassStatistics, TakesEpoch, TakesProgress

__all__ = [
    'GROUP_NAMES',
    'BatchLayout',
    'ClassStatistics',
    'TakesClassMeans',
    'TakesClassStatistics',
    'TakesEpoch',
    'TakesProgress',
    'checks',
    'class_groups',
    'group_edges',
    'image_labels',
]

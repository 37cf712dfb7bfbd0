"""What every other part of the package stands on."""

from . import checks
from .batch_layout import BatchLayout
from .class_statistics import GROUP_NAMES, ClassStatistics, class_groups, group_edges, image_labels

__all__ = [
    'GROUP_NAMES',
    'BatchLayout',
    'ClassStatistics',
    'checks',
    'class_groups',
    'group_edges',
    'image_labels',
]

"""What every other part of the package stands on."""

from . import checks
from .batch_layout import BatchLayout
from .class_groups import MULTI_LABEL, SINGLE_LABEL, ClassGroups, GroupsConfig
from .class_statistics import ClassStatistics
from .image_labels import image_labels
from .protocols import TakesClassMeans, TakesClassStatistics, TakesEpoch, TakesProgress

__all__ = [
    'MULTI_LABEL',
    'SINGLE_LABEL',
    'BatchLayout',
    'ClassGroups',
    'ClassStatistics',
    'GroupsConfig',
    'TakesClassMeans',
    'TakesClassStatistics',
    'TakesEpoch',
    'TakesProgress',
    'checks',
    'image_labels',
]

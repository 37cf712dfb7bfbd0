"""What every other part of the package stands on."""

from . import checks
from .class_groups import MULTI_LABEL, SINGLE_LABEL, ClassGroups, GroupsConfig
from .class_statistics import ClassStatistics
from .image_labels import image_labels

__all__ = [
    'MULTI_LABEL',
    'SINGLE_LABEL',
    'ClassGroups',
    'ClassStatistics',
    'GroupsConfig',
    'checks',
    'image_labels',
]

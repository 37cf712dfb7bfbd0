"""What every other part of the package stands on."""

from .class_statistics import GROUP_NAMES, ClassStatistics, class_groups, image_labels

__all__ = ['GROUP_NAMES', 'ClassStatistics', 'class_groups', 'image_labels']

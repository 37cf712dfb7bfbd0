"""Pure functions behind the metrics."""

from .average_precision import average_precision
from .calibration_error import expected_calibration_error
from .class_means import class_means
from .class_thresholds import class_thresholds
from .f_scores import f_scores

__all__ = ['average_precision', 'class_means', 'class_thresholds', 'expected_calibration_error', 'f_scores']

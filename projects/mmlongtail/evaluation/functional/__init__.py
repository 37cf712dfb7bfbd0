"""Pure functions behind the metrics."""

from .average_precision import average_precision
from .f_scores import f_scores

__all__ = ['average_precision', 'f_scores']

"""Metrics, registered in ``mmpretrain.registry.METRICS``."""

from .base import LongTailMetric
from .multi_label import LongTailMultiLabelMetric
from .per_expert import PerExpertMetric
from .prediction_file import PredictionFile
from .single_label import LongTailSingleLabelMetric

__all__ = [
    'LongTailMetric',
    'LongTailMultiLabelMetric',
    'LongTailSingleLabelMetric',
    'PerExpertMetric',
    'PredictionFile',
]

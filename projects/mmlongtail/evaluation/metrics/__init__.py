"""Metrics, registered in ``mmpretrain.registry.METRICS``."""

from .multi_label import LongTailMultiLabelMetric

__all__ = ['LongTailMultiLabelMetric']

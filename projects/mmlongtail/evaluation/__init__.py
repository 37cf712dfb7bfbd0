"""Metrics for long-tailed test sets."""

from . import functional, metrics
from .group_report import GroupReport

__all__ = ['GroupReport', 'functional', 'metrics']

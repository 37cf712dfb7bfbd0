"""Metrics for long-tailed test sets, and the pure functions behind them."""

from . import functional, metrics
from .functional import *  # noqa: F403
from .group_report import GroupReport
from .metrics import *  # noqa: F403

__all__ = ['GroupReport', *functional.__all__, *metrics.__all__]

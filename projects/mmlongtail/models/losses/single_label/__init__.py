"""Losses of images that show one class, or a mixture of two."""

from .balanced_softmax import BalancedSoftmaxLoss
from .base import SingleLabelLoss
from .class_balanced_ce import ClassBalancedCELoss
from .gcl import GCLLoss
from .hard_categories import HardCategoryLoss
from .label_aware_smoothing import LabelAwareSmoothingLoss
from .ldam import LDAMLoss
from .logit_adjustment import LogitAdjustmentLoss

__all__ = [
    'BalancedSoftmaxLoss',
    'ClassBalancedCELoss',
    'GCLLoss',
    'HardCategoryLoss',
    'LDAMLoss',
    'LabelAwareSmoothingLoss',
    'LogitAdjustmentLoss',
    'SingleLabelLoss',
]

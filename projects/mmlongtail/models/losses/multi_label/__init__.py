"""Losses of images that show any number of classes."""

from .base import MultiLabelLoss
from .class_balanced_focal import ClassBalancedFocalLoss
from .compensated_bce import CompensatedBCELoss
from .distribution_balanced import DistributionBalancedLoss
from .focal import MultiLabelFocalLoss
from .frequency_weighted_bce import FrequencyWeightedBCELoss
from .multi_label_ldam import MultiLabelLDAMLoss
from .probability_guided import ProbabilityGuidedLoss
from .reweighted_bce import ReweightedBCELoss

__all__ = [
    'ClassBalancedFocalLoss',
    'CompensatedBCELoss',
    'DistributionBalancedLoss',
    'FrequencyWeightedBCELoss',
    'MultiLabelFocalLoss',
    'MultiLabelLDAMLoss',
    'MultiLabelLoss',
    'ProbabilityGuidedLoss',
    'ReweightedBCELoss',
]

from .base import MultiLabelLoss
from .class_balanced_focal import ClassBalancedFocalLoss
from .class_counts import ClassCountLoss
from .collaborative import CollaborativeLoss
from .compensated_bce import CompensatedBCELoss
from .cumulative import CumulativeLoss
from .distribution_balanced import DistributionBalancedLoss
from .focal import MultiLabelFocalLoss
from .frequency_weighted_bce import FrequencyWeightedBCELoss
from .ldam import MultiLabelLDAMLoss
from .logit_consistency import LogitConsistencyLoss
from .probability_guided import ProbabilityGuidedLoss
from .reweighted_bce import ReweightedBCELoss

__all__ = [
    'ClassBalancedFocalLoss',
    'ClassCountLoss',
    'CollaborativeLoss',
    'CompensatedBCELoss',
    'CumulativeLoss',
    'DistributionBalancedLoss',
    'FrequencyWeightedBCELoss',
    'LogitConsistencyLoss',
    'MultiLabelFocalLoss',
    'MultiLabelLDAMLoss',
    'MultiLabelLoss',
    'ProbabilityGuidedLoss',
    'ReweightedBCELoss',
]

from .base import MultiLabelLoss
from .collaborative import CollaborativeLoss
from .compensated_bce import CompensatedBCELoss
from .frequency_weighted_bce import FrequencyWeightedBCELoss
from .logit_consistency import LogitConsistencyLoss

__all__ = [
    'CollaborativeLoss',
    'CompensatedBCELoss',
    'FrequencyWeightedBCELoss',
    'LogitConsistencyLoss',
    'MultiLabelLoss',
]

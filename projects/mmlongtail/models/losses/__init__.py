from .balanced_softmax import BalancedSoftmaxLoss
from .base import MultiLabelLoss
from .class_balanced_ce import ClassBalancedCELoss
from .class_balanced_focal import ClassBalancedFocalLoss
from .class_counts import ClassCountLoss, ClassCounts
from .collaborative import CollaborativeLoss
from .compensated_bce import CompensatedBCELoss
from .cumulative import CumulativeLoss
from .distillation import DistillationLoss
from .distribution_balanced import DistributionBalancedLoss
from .focal import MultiLabelFocalLoss
from .frequency_weighted_bce import FrequencyWeightedBCELoss
from .gcl import GCLLoss
from .hard_categories import HardCategoryLoss
from .label_aware_smoothing import LabelAwareSmoothingLoss
from .ldam import MultiLabelLDAMLoss
from .ldam_drw import LDAMLoss
from .logit_adjustment import LogitAdjustmentLoss
from .logit_consistency import LogitConsistencyLoss
from .multi_label_peer_distillation import MultiLabelPeerDistillationLoss
from .nested_collaborative import NestedCollaborativeLoss
from .peer_distillation import PeerDistillationLoss
from .peer_loss import PeerLoss
from .probability_guided import ProbabilityGuidedLoss
from .reweighted_bce import ReweightedBCELoss
from .single_label import SingleLabelLoss

__all__ = [
    'BalancedSoftmaxLoss',
    'ClassBalancedCELoss',
    'ClassBalancedFocalLoss',
    'ClassCountLoss',
    'ClassCounts',
    'CollaborativeLoss',
    'CompensatedBCELoss',
    'CumulativeLoss',
    'DistillationLoss',
    'DistributionBalancedLoss',
    'FrequencyWeightedBCELoss',
    'GCLLoss',
    'HardCategoryLoss',
    'LDAMLoss',
    'LabelAwareSmoothingLoss',
    'LogitAdjustmentLoss',
    'LogitConsistencyLoss',
    'MultiLabelFocalLoss',
    'MultiLabelLDAMLoss',
    'MultiLabelLoss',
    'MultiLabelPeerDistillationLoss',
    'NestedCollaborativeLoss',
    'PeerDistillationLoss',
    'PeerLoss',
    'ProbabilityGuidedLoss',
    'ReweightedBCELoss',
    'SingleLabelLoss',
]

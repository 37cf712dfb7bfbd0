"""Losses of several branches, experts or views that learn from each other."""

from .collaborative import CollaborativeLoss
from .cumulative import CumulativeLoss
from .distillation import DistillationLoss
from .logit_consistency import LogitConsistencyLoss
from .multi_label_peer_distillation import MultiLabelPeerDistillationLoss
from .nested_collaborative import NestedCollaborativeLoss
from .peer_distillation import PeerDistillationLoss
from .peer_loss import PeerLoss

__all__ = [
    'CollaborativeLoss',
    'CumulativeLoss',
    'DistillationLoss',
    'LogitConsistencyLoss',
    'MultiLabelPeerDistillationLoss',
    'NestedCollaborativeLoss',
    'PeerDistillationLoss',
    'PeerLoss',
]

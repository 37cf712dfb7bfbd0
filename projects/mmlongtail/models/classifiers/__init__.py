from .distilled import DistilledClassifier
from .multi_branch import MultiBranchClassifier
from .multi_expert import MultiExpertClassifier

__all__ = ['DistilledClassifier', 'MultiBranchClassifier', 'MultiExpertClassifier']

from .multi_branch import MultiBranchClassifier

__all__ = ['MultiBranchClassifier']

from .multi_branch_head import MultiBranchHead

__all__ = ['MultiBranchHead']

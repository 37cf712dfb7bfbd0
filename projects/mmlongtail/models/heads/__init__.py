from .graph_convolution_head import GraphConvolutionHead
from .multi_branch_head import MultiBranchHead

__all__ = ['GraphConvolutionHead', 'MultiBranchHead']

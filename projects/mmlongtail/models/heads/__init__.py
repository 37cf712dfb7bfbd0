from .cosine_head import CosineHead
from .graph_convolution_head import GraphConvolutionHead
from .multi_branch_head import MultiBranchHead
from .multi_expert_head import MultiExpertHead
from .nearest_class_mean_head import NearestClassMeanHead
from .single_label_branch_head import SingleLabelBranchHead
from .weight_scaling_head import LearnableWeightScalingHead

__all__ = [
    'CosineHead',
    'GraphConvolutionHead',
    'LearnableWeightScalingHead',
    'MultiBranchHead',
    'MultiExpertHead',
    'NearestClassMeanHead',
    'SingleLabelBranchHead',
]

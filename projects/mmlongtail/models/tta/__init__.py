from .average_expert_score import AverageExpertScoreTTA
from .mean_logit import MeanLogitTTA

__all__ = ['AverageExpertScoreTTA', 'MeanLogitTTA']

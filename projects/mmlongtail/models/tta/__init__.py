from .average_expert_score import AverageExpertScoreTTA

__all__ = ['AverageExpertScoreTTA']

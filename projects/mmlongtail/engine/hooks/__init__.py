"""What happens around the iterations of a run."""

from .channels_last_hook import ChannelsLastHook
from .class_statistics_hook import ClassStatisticsHook
from .label_probability_hook import LabelProbabilityHook
from .progress_bar_hook import ProgressBarHook
from .training_progress_hook import TrainingProgressHook

__all__ = [
    'ChannelsLastHook',
    'ClassStatisticsHook',
    'LabelProbabilityHook',
    'ProgressBarHook',
    'TrainingProgressHook',
]

"""What happens around the iterations of a run."""

from .atomic_checkpoint_hook import AtomicCheckpointHook
from .channels_last_hook import ChannelsLastHook
from .class_mean_hook import ClassMeanHook
from .class_statistics_hook import ClassStatisticsHook
from .dataset_epoch_hook import DatasetEpochHook
from .finite_loss_hook import FiniteLossHook
from .freeze_hook import FreezeHook
from .frozen_trunk_hook import FrozenTrunkHook
from .label_probability_hook import LabelProbabilityHook
from .logit_adjustment_hook import LogitAdjustmentHook
from .prediction_picture_hook import PredictionPictureHook
from .progress_bar_hook import ProgressBarHook
from .start_check_hook import StartCheckHook
from .tau_normalization_hook import TauNormalizationHook
from .training_progress_hook import TrainingProgressHook

__all__ = [
    'AtomicCheckpointHook',
    'ChannelsLastHook',
    'ClassMeanHook',
    'ClassStatisticsHook',
    'DatasetEpochHook',
    'FiniteLossHook',
    'FreezeHook',
    'FrozenTrunkHook',
    'LabelProbabilityHook',
    'LogitAdjustmentHook',
    'PredictionPictureHook',
    'ProgressBarHook',
    'StartCheckHook',
    'TauNormalizationHook',
    'TrainingProgressHook',
]

"""What happens around the iterations of a run."""

from .atomic_checkpoint_hook import AtomicCheckpointHook
from .channels_last_hook import ChannelsLastHook
from .class_mean_hook import ClassMeanHook
from .class_statistics_hook import ClassStatisticsHook
from .classifier_start_hook import ClassifierStartHook
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
from .transform_progress_hook import TransformProgressHook

__all__ = [
    'AtomicCheckpointHook',
    'ChannelsLastHook',
    'ClassMeanHook',
    'ClassStatisticsHook',
    'ClassifierStartHook',
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
    'TransformProgressHook',
]

"""What a Python user calls once there is a checkpoint, and what the tools are doors to."""

from .command_line import common_parser, prepare, run
from .inferencer import LongTailInferencer
from .single_expert import export_expert
from .text_features import class_text_features
from .trained import TrainedModel, load_trained

__all__ = [
    'LongTailInferencer',
    'TrainedModel',
    'class_text_features',
    'common_parser',
    'export_expert',
    'load_trained',
    'prepare',
    'run',
]

from .command_line import common_parser, prepare, run
from .inferencer import LongTailInferencer
from .single_expert import export_expert

__all__ = ['LongTailInferencer', 'common_parser', 'export_expert', 'prepare', 'run']

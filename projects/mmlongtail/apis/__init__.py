from .command_line import common_parser, prepare, run
from .single_expert import export_expert

__all__ = ['common_parser', 'export_expert', 'prepare', 'run']

from .command_line import common_parser, prepare, run

__all__ = ['common_parser', 'prepare', 'run']

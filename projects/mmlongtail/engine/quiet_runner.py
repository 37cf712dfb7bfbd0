"""A run whose console shows what a person reads."""

from __future__ import annotations

import logging

from mmengine.logging import MMLogger
from mmengine.runner import Runner
from mmpretrain.registry import RUNNERS

DUMPS = ('\n' + 60 * '-', 'Config:\n', 'Hooks will be executed in the following order', 'paramwise_options')


def is_for_console(record: logging.LogRecord) -> bool:
    """Whether a record is none of MMEngine's listings of environment, config, hooks, rates; usable as a log filter."""
    return record.levelno > logging.INFO or not record.getMessage().startswith(DUMPS)


@RUNNERS.register_module()
class QuietRunner(Runner):
    """MMEngine's Runner, whose listings of hundreds of lines go to the log file only.

    With ``log_level='DEBUG'`` the console gets them, too. Arguments: ``Runner``'s.
    """

    def build_logger(self, log_level: int | str = 'INFO', log_file: str | None = None, **kwargs) -> MMLogger:
        """Build the host's logger, the filter on what is no file."""
        logger = super().build_logger(log_level, log_file, **kwargs)
        for handler in logger.handlers:
            if not isinstance(handler, logging.FileHandler) and log_level not in ('DEBUG', logging.DEBUG):
                handler.addFilter(is_for_console)
        return logger

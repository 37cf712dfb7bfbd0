"""A run whose console shows what a person reads."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from mmengine.logging import MMLogger
from mmengine.runner import Runner
from mmpretrain.registry import RUNNERS

OF_HOST = (
    ' is skipped since its requires_grad=False',
    'LocalBackend" and the former will be deprecated in future.',
)
DUMPS = ('\n' + 60 * '-', 'Config:\n', 'Hooks will be executed in the following order', 'paramwise_options')


def is_for_console(record: logging.LogRecord) -> bool:
    """Whether a record is none of MMEngine's listings of environment, config, hooks, rates, frozen parameters.

    Nor one of its warnings about its own calls; usable as a log filter.
    """
    message = record.getMessage()
    of_host = message.endswith(OF_HOST) or message.startswith('"FileClient" will be deprecated')
    return not of_host and (record.levelno > logging.INFO or not message.startswith(DUMPS))


@contextmanager
def quiet_console() -> Iterator[None]:
    """Keep the listings off the console where there is no Runner yet."""
    handlers = [handler for handler in MMLogger.get_current_instance().handlers if not is_file(handler)]
    for handler in handlers:
        handler.addFilter(is_for_console)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(is_for_console)


def keep_listings_off(logger: logging.Logger, log_level: int | str | None) -> None:
    """Keep the listings of a run off its console, unless the level is DEBUG."""
    for handler in logger.handlers:
        if not is_file(handler) and log_level not in ('DEBUG', logging.DEBUG):
            handler.addFilter(is_for_console)


def is_file(handler: logging.Handler) -> bool:
    """Whether it is a log file's."""
    return isinstance(handler, logging.FileHandler)


@RUNNERS.register_module()
class QuietRunner(Runner):
    """MMEngine's Runner, whose listings of hundreds of lines go to the log file only.

    With ``log_level='DEBUG'`` the console gets them, too. Arguments: ``Runner``'s.
    """

    def build_logger(self, log_level: int | str = 'INFO', log_file: str | None = None, **kwargs) -> MMLogger:
        """Build the host's logger, the filter on what is no file."""
        logger = super().build_logger(log_level, log_file, **kwargs)
        keep_listings_off(logger, log_level)
        return logger

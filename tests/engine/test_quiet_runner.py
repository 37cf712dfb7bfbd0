"""What of the log a person sees on the console."""

import logging

import pytest
from mmengine.logging import MMLogger, print_log

from mmlongtail.engine.quiet_runner import is_for_console, quiet_console


@pytest.mark.parametrize(
    ('message', 'level', 'shown'),
    [
        ('\n' + 60 * '-' + '\nSystem environment:', logging.INFO, False),
        ('Config:\nmodel = dict()', logging.INFO, False),
        ('Hooks will be executed in the following order:\n', logging.INFO, False),
        ('paramwise_options -- fc.bias:lr=0.1', logging.INFO, False),
        ('Config:\nbroken', logging.WARNING, True),
        ('Epoch(train) [1][20/120]  loss: 0.5', logging.INFO, True),
        ('Configured', logging.INFO, True),
        ('backbone.stem.conv.weight is skipped since its requires_grad=False', logging.WARNING, False),
        ('fc.weight is duplicate. It is skipped since bypass_duplicate=True', logging.WARNING, True),
        ('"FileClient" will be deprecated in future. Please use', logging.WARNING, False),
    ],
)
def test_listings_go_to_the_file_only(message, level, shown):
    record = logging.LogRecord('mmengine', level, '', 0, message, (), None)
    assert is_for_console(record) == shown


def test_the_console_without_a_runner(capsys):
    MMLogger.get_current_instance()
    for _ in range(2):
        with quiet_console():
            print_log('paramwise_options -- fc.bias:lr=0.1', 'current')
            print_log('Epoch 1', 'current')
    print_log('paramwise_options -- again', 'current')
    handlers = MMLogger.get_current_instance().handlers
    assert not any(is_for_console in handler.filters for handler in handlers)

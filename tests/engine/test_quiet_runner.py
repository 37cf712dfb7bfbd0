"""What of the log a person sees on the console."""

import logging

import pytest

from mmlongtail.engine.quiet_runner import is_for_console


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
    ],
)
def test_listings_go_to_the_file_only(message, level, shown):
    record = logging.LogRecord('mmengine', level, '', 0, message, (), None)
    assert is_for_console(record) == shown

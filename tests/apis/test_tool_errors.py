"""The exit status and the one line of a tool."""

import errno
import pickle

import pytest

from mmlongtail.apis.tool_errors import exit_status


def raises(error: Exception):
    def action():
        raise error

    return action


@pytest.mark.parametrize('result, status', [(None, 0), (True, 0), (False, 1)])
def test_what_was_done(result, status, capsys):
    assert exit_status(lambda: result) == status and capsys.readouterr().err == ''


@pytest.mark.parametrize(
    'error, line',
    [
        (OSError(errno.ENOSPC, 'No space left on device', 'out/x.csv'), 'out/x.csv: No space left on device'),
        (PermissionError(errno.EACCES, 'Permission denied', 'x'), 'x: Permission denied'),
        (OSError(errno.EIO, 'Input/output error'), f'[Errno {errno.EIO}] Input/output error'),
        (FileNotFoundError('x.csv is missing: a list is expected'), 'x.csv is missing: a list is expected'),
        (ValueError('x.csv, line 3: ...'), 'x.csv, line 3: ...'),
        (pickle.UnpicklingError('x.pth is more than data'), 'x.pth is more than data'),
        (ValueError(), 'ValueError()'),
    ],
)
def test_what_is_the_users_to_mend(error, line, capsys):
    assert exit_status(raises(error)) == 2
    assert capsys.readouterr().err == f'error: {line}\n'


def test_a_defect_of_the_program_keeps_its_traceback():
    with pytest.raises(KeyError):
        exit_status(raises(KeyError('x')))

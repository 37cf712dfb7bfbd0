"""How a tool ends where its input is at fault: with one line and exit status 2."""

import sys
from collections.abc import Callable
from pickle import UnpicklingError

OF_INPUT = (OSError, ValueError, UnpicklingError)


def exit_status(action: Callable[[], bool | None]) -> int:
    """Run a tool; what the user can mend is told as ``error: PATH: …``.

    Returns:
        0 where ``action`` returns True or nothing, 1 where it returns False, 2 where it failed.
    """
    try:
        return 1 if action() is False else 0
    except OF_INPUT as error:
        print(f'error: {in_words(error)}', file=sys.stderr)
        return 2


def in_words(error: Exception) -> str:
    """Say an error, the file first where the system names it."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f'{error.filename}: {error.strerror}'
    return str(error) or repr(error)

"""The experiments' scripts, which find each other by their folder."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[3] / 'tools/experiments'


@pytest.fixture
def scripts(monkeypatch) -> Callable:
    """The folder's scripts as modules, by name."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module
    for path in FOLDER.glob('*.py'):
        sys.modules.pop(path.stem, None)

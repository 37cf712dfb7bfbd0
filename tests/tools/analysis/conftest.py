"""One way to call the tools of tools/analysis."""

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[3] / 'tools' / 'analysis'


@pytest.fixture
def call(monkeypatch, capsys) -> Callable:
    """Run a tool with these arguments as a user does; where it fails, SystemExit has what it says."""

    def run(tool: str, *arguments) -> None:
        monkeypatch.setattr(sys, 'argv', [tool, *map(str, arguments)])
        if runpy.run_path(str(TOOLS / tool))['main']():
            raise SystemExit(capsys.readouterr().err)

    return run

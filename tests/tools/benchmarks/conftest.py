"""One way to run the benchmarks, with sizes that take no time."""

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[3] / 'tools' / 'benchmarks'


@pytest.fixture
def benchmark(monkeypatch, capsys) -> Callable:
    """The lines that a benchmark prints, with these options and these constants of its module."""

    def run(name: str, *options, **constants) -> list[str]:
        monkeypatch.syspath_prepend(str(TOOLS))  # as of a script
        main = runpy.run_path(str(TOOLS / name))['main']
        for constant, value in constants.items():
            monkeypatch.setitem(main.__globals__, constant, value)
        monkeypatch.setattr(sys, 'argv', [name, *map(str, options)])
        main()
        return capsys.readouterr().out.splitlines()

    return run

"""``make faults``: what happens to runs in the world is done to them; docs/reliability.md gets the counts."""

from __future__ import annotations

import platform
import time
from pathlib import Path

import pytest
import torch
from runs import finish, make_trainings, outcome, start

DOCS = Path(__file__).resolve().parents[2] / 'docs' / 'reliability.md'
BEGIN, END = '<!-- faults: written by make faults -->', '<!-- end of faults -->'
ROWS = pytest.StashKey[list]()


def pytest_addoption(parser):
    parser.addoption('--kills', type=int, default=50, help='kills in all, spread over the trainings')
    parser.addoption('--mutations', type=int, default=10000, help='damaged files for each reader')
    parser.addoption('--write', action='store_true', help=f'put the results into {DOCS.name}')


@pytest.fixture
def report(request):
    """Notes a row of the table: the fault, what it was done to, how often, what was seen."""
    rows = request.config.stash.setdefault(ROWS, [])
    return lambda *cells: rows.append(cells)


def pytest_sessionfinish(session):
    rows = session.config.stash.get(ROWS, [])
    table = ['| fault | done to | times | seen |', '| --- | --- | ---: | --- |']
    table += ['| ' + ' | '.join(map(str, row)) + ' |' for row in rows]
    machine = f'Python {platform.python_version()}, torch {torch.__version__}, {platform.system()}'
    words = f'{time.strftime("%Y-%m-%d")}, {machine}; tests failed: {session.testsfailed}.'
    print('\n' + '\n'.join(table))
    if session.config.getoption('--write') and rows:
        before, _, rest = DOCS.read_text().partition(BEGIN)
        DOCS.write_text('\n'.join([before + BEGIN, words, '', *table, END]) + rest.partition(END)[2])


@pytest.fixture(scope='session')
def kills(request) -> int:
    """Kills of each of the four trainings."""
    return -(-request.config.getoption('--kills') // 4)


@pytest.fixture(scope='session')
def trainings(tmp_path_factory) -> dict:
    return {training.name: training for training in make_trainings(tmp_path_factory.mktemp('trainings'))}


@pytest.fixture(scope='session')
def reference(trainings, tmp_path_factory):
    """What a training comes to that nothing happens to, and how many seconds that takes."""
    known = {}

    def of(name: str) -> tuple[dict, float]:
        if name not in known:
            folder, began = tmp_path_factory.mktemp('reference') / 'run', time.monotonic()
            status = finish(start(trainings[name], folder))
            assert status == 0, Path(f'{folder}.log').read_text()[-5000:]
            known[name] = outcome(trainings[name], folder), time.monotonic() - began
        return known[name]

    return of

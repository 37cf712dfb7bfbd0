"""Fixtures of the whole suite: real data where it lies, the number of threads, the package registered first."""

import gc
import os
import signal
from pathlib import Path

import pytest
import torch

import mmlongtail  # noqa: F401  mends and registers before any test module imports the host

pytest_plugins = ['finished_runs', 'two_ranks']  # fixtures of more than one room
# a shell's job in the background ignores it, and Ctrl-C is tested
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
SHARED = Path(__file__).resolve().parents[2] / 'shared' / 'data'


@pytest.fixture(scope='session')
def shared_data() -> Path:
    """The folder of real data beside the project; users do not have it, CI does."""
    if not SHARED.is_dir():
        pytest.skip(f'REAL DATA MISSING: {SHARED} is not there, so nothing was checked on real pictures')
    return SHARED


@pytest.fixture(autouse=True, scope='session')
def threads():
    """One, which keeps tiny models from fighting busy neighbors for cores, or as many as ``TEST_THREADS`` says."""
    torch.set_num_threads(int(os.environ.get('TEST_THREADS', 1)))
    # a forked process would wait for ever for threads that it does not have
    os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))


@pytest.fixture(autouse=True, scope='session')
def frozen_imports():
    """Keep what the imports left out of later collections: the host collects garbage for every data set it fills."""
    gc.freeze()


@pytest.fixture(autouse=True, scope='session')
def plain_configs():
    """Leave dumped configs as they are: making them pretty is half of a tiny run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('mmengine.config.config.FormatCode', lambda text, **_: (text, True))
        yield

"""Fixtures of the whole suite: real data where it lies, one thread, the package registered first."""

from pathlib import Path

import pytest
import torch

import mmlongtail  # noqa: F401  mends and registers before any test module imports the host

SHARED = Path(__file__).resolve().parents[2] / 'shared' / 'data'


@pytest.fixture(scope='session')
def shared_data() -> Path:
    """The folder of real data beside the project; users do not have it, CI does."""
    if not SHARED.is_dir():
        pytest.skip(f'REAL DATA MISSING: {SHARED} is not there, so nothing was checked on real pictures')
    return SHARED


@pytest.fixture(autouse=True)
def one_thread():
    """Keep tiny models from fighting busy neighbours for cores."""
    torch.set_num_threads(1)

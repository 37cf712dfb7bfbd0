"""A small part of ``tests/faults/fuzz_readers.py``: damaged files are read or named by every reader."""

import runpy
from pathlib import Path

import pytest

FUZZ = runpy.run_path(str(Path(__file__).parents[1] / 'faults' / 'fuzz_readers.py'))
READERS = {reader.name: reader for reader in FUZZ['readers']()}


@pytest.mark.parametrize('name', READERS)
def test_damaged_files_are_read_or_named(name, tmp_path):
    tally = FUZZ['fuzz'](READERS[name], number=10 if 'picture' in name else 40, seed=1, folder=tmp_path)
    assert not tally.examples
    assert tally.read + tally.named == (10 if 'picture' in name else 40)

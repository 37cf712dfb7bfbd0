"""Damaged labels, lists, annotations, pictures and archives: read or named, ten thousand for each reader."""

import pytest
from fuzz_readers import Reader, fuzz, quiet, readers


@pytest.fixture(scope='module', autouse=True)
def quickly():
    quiet()


@pytest.mark.parametrize('reader', readers(), ids=lambda reader: reader.name)
def test_damaged_files_are_read_or_named(reader: Reader, request, report, tmp_path):
    number = request.config.getoption('--mutations')
    tally = fuzz(reader, number, 0, tmp_path)
    unnamed = tally.unnamed.total()
    report(
        'damaged file', reader.name, number, f'{tally.read} read, {tally.named} named, {unnamed} other errors'
    )
    assert not tally.examples

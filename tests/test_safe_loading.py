"""Checkpoints of MMEngine load as they were, and nothing of a stranger's is run, by whatever scheme it comes."""

import os
import zipfile

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer, MessageHub
from mmengine.runner import CheckpointLoader

from mmlongtail import safe_loading


def message_hub_state() -> dict:
    hub = MessageHub.get_instance('test_compat')
    for value in (1.0, 4.0):
        hub.update_scalar('train/loss', torch.tensor(value))
        hub.update_scalar('val/mAP', np.float32(value))
    hub.update_info('best', np.float64(0.5))
    hub.update_info('counts', np.arange(3))
    return hub.state_dict()


def rename_numpy(path, new_path, old: bytes, new: bytes) -> None:
    """A copy of a checkpoint as the other major version of NumPy would have written it."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(new_path, 'w') as target:
        for info in source.infolist():
            content = source.read(info)
            assert not info.filename.endswith('data.pkl') or old in content
            target.writestr(info.filename, content.replace(old, new))


@pytest.mark.parametrize('other_numpy', [False, True])
def test_a_checkpoint_of_mmengine_loads_safely(tmp_path, other_numpy):
    path = tmp_path / 'epoch_1.pth'
    torch.save(dict(message_hub=message_hub_state(), best=np.float64(0.5)), path)
    if other_numpy:
        names = [b'numpy.core.multiarray', b'numpy._core.multiarray']
        old, new = names if np.__version__ < '2' else reversed(names)
        rename_numpy(path, tmp_path / 'other.pth', old, new)
        path = tmp_path / 'other.pth'
    state = torch.load(path, weights_only=True)
    history = state['message_hub']['log_scalars']['train/loss']
    assert history.statistics('mean') == 2.5
    assert history.statistics('max') == 4.0
    assert state['message_hub']['runtime_info']['counts'].tolist() == [0, 1, 2]
    assert state['best'] == 0.5


class Calls:
    """Pickles as a call of a function."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    'make',
    [
        lambda path: Calls(os.system, f'touch {path}'),
        lambda path: Calls(eval, f'open({str(path)!r}, "w")'),
        lambda path: Calls(getattr, HistoryBuffer, '__init__'),
        lambda path: Calls(getattr, HistoryBuffer, '__reduce__'),
        lambda path: Calls(getattr, HistoryBuffer, 'register_statistics'),
        lambda path: Calls(getattr, np.ndarray, 'tofile'),
        lambda path: Calls(getattr, torch.Tensor, 'mean'),
    ],
)
def test_a_malicious_checkpoint_is_still_refused(tmp_path, make):
    path = str(tmp_path / 'bad.pth')
    torch.save(dict(message_hub=message_hub_state(), bad=make(tmp_path / 'harm')), path)
    for load in (torch.load, CheckpointLoader.load_checkpoint):
        with pytest.raises(Exception, match='weights_only|Weights only|none of MMEngine needs'):
            load(path)
    assert not (tmp_path / 'harm').exists()


def test_permissions_that_another_package_took_away_come_back(tmp_path):
    path = str(tmp_path / 'epoch_1.pth')
    torch.save(message_hub_state(), path)
    with torch.serialization.safe_globals([HistoryBuffer, np.ndarray]):
        pass  # as onedl-mmengine does: on leaving, these are no longer allowed
    with pytest.raises(Exception, match='HistoryBuffer'):
        torch.load(path)
    loaded = CheckpointLoader.load_checkpoint(path)
    assert loaded['log_scalars']['train/loss'].statistics('mean') == 2.5


def test_a_checkpoint_that_is_not_there():
    with pytest.raises(FileNotFoundError, match='nowhere.pth can not be found'):
        CheckpointLoader.load_checkpoint('nowhere.pth')


@pytest.mark.parametrize('of_the_user', [{}, {safe_loading.UNSAFE: '1'}, {safe_loading.SAFE: 'yes'}])
def test_no_load_is_unsafe_inside_and_the_variables_are_the_users_again(tmp_path, monkeypatch, of_the_user):
    for name in (safe_loading.SAFE, safe_loading.UNSAFE):
        monkeypatch.delenv(name, raising=False)
    for name, value in of_the_user.items():
        monkeypatch.setenv(name, value)
    path = tmp_path / 'bad.pth'
    torch.save(Calls(os.system, f'touch {tmp_path / "harm"}'), path)
    with pytest.raises(Exception, match='Weights only'), safe_loading.only_weights():
        with safe_loading.only_weights():
            pass
        torch.load(path, weights_only=False)
    assert not (tmp_path / 'harm').exists()
    names = {safe_loading.SAFE, safe_loading.UNSAFE}
    assert {name: os.environ[name] for name in names & os.environ.keys()} == of_the_user


CLEAN = "model = dict(type='ImageClassifier', sizes=(1, -2.5))\ntrain = dict({'a b': [None, True]})\n"


def test_clean_config_texts_stay_and_others_are_left_out_with_a_warning(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(safe_loading, 'print_log', lambda text, *_: said.append(text))
    path = str(tmp_path / 'epoch_1.pth')
    texts = dict(config='import os', cfg=CLEAN, epoch=3)
    torch.save(dict(meta=texts, message_hub=dict(runtime_info=dict(cfg='x = 1 + f()', lr=0.1))), path)
    for load in (CheckpointLoader.load_checkpoint, safe_loading.load_local_checkpoint):
        assert load(path) == dict(meta=dict(cfg=CLEAN, epoch=3), message_hub=dict(runtime_info=dict(lr=0.1)))
    assert said == 2 * [
        f'{path}: its meta.config is left out, as its line 1 is no assignment of plain data',
        f"{path}: its message_hub.runtime_info.cfg is left out, as its line 1 has '1 + f()', which is no data",
    ]


@pytest.mark.parametrize('content', [torch.zeros(2), [1], dict(meta=None), dict(meta=[1]), dict(a=1)])
def test_other_kinds_of_checkpoints(tmp_path, content):
    torch.save(content, tmp_path / 'other.pth')
    loaded = CheckpointLoader.load_checkpoint(str(tmp_path / 'other.pth'))
    assert type(loaded) is type(content) and str(loaded) == str(content)


def test_a_config_that_is_no_text_is_left_out(tmp_path):
    torch.save(dict(meta=dict(config=dict(a=1))), tmp_path / 'other.pth')
    assert safe_loading.load_local_checkpoint(tmp_path / 'other.pth') == dict(meta={})


def test_arguments_of_the_local_reader(tmp_path):
    torch.save(dict(a=torch.ones(3)), tmp_path / 'a.pth')
    assert safe_loading.load_local_checkpoint(tmp_path / 'a.pth', 'meta')['a'].device.type == 'meta'
    mapped = safe_loading.load_local_checkpoint(tmp_path / 'a.pth', 'cpu', mmap=True)['a']
    assert mapped.tolist() == [1, 1, 1]
    assert CheckpointLoader.load_checkpoint(str(tmp_path / 'a.pth'), 'meta')['a'].device.type == 'meta'

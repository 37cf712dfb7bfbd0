"""Every door that reads a file of a stranger is tried with a payload: nothing is run, and the file is named.

A new tool, hook or function that reads checkpoints or pickles gets its line in ``DOORS``.
"""

import functools
import os
import pickle
import re
import runpy
import shutil
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.infer import BaseInferencer
from mmengine.runner import CheckpointLoader, checkpoint, load_checkpoint
from mmpretrain.apis import ImageClassificationInferencer, get_model
from mmpretrain.registry import DATASETS, MODELS
from torch import nn

from mmlongtail.apis import LongTailInferencer
from mmlongtail.safe_loading import load_local_checkpoint

TOOLS = Path(__file__).resolve().parents[2] / 'tools'


class Payload:
    """Makes the file ``harm`` when it is unpickled."""

    def __init__(self, harm: Path):
        self.harm = harm

    def __reduce__(self):
        return os.system, (f'touch {self.harm}',)


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    """Dumped configs are made pretty again and again: a third of a tiny training."""
    monkeypatch.setattr('mmengine.config.config.FormatCode', lambda text, **_: (text, True))


@pytest.fixture
def harm(tmp_path) -> Path:
    """What no test may bring into being."""
    path = tmp_path / 'harm'
    yield path
    assert not path.exists()


@pytest.fixture
def bad(tmp_path, harm) -> str:
    """A checkpoint with a payload."""
    path = tmp_path / 'bad.pth'
    torch.save(dict(meta=dict(epoch=1, iter=2), state_dict={}, more=Payload(harm)), path)
    return str(path)


class Inferencer(BaseInferencer):
    """MMEngine's own, which can do with a checkpoint alone."""

    def _init_pipeline(self, cfg):
        return None

    def visualize(self, *args, **kwargs):
        pass

    def postprocess(self, *args, **kwargs):
        pass


def tool(name: str, *arguments) -> None:
    """Call a tool as the command line would."""
    before = sys.argv, sys.path[:]
    sys.argv, sys.path[:0] = [name, *map(str, arguments)], [str(TOOLS)]
    try:
        if status := runpy.run_path(str(TOOLS / name))['main']():
            raise SystemExit(status)
    finally:
        sys.argv, sys.path[:] = before


def noted_in(folder: Path, config: Path, bad: str) -> Path:
    """A work dir whose last checkpoint is the bad one."""
    folder.mkdir(parents=True)
    shutil.copy(config, folder)
    shutil.copy(bad, folder)
    (folder / 'last_checkpoint').write_text(bad)
    return folder


def picture_in(folder: Path) -> Path:
    """A folder with a picture, which nobody comes to read."""
    folder.mkdir()
    (folder / 'a.png').touch()
    return folder


def cifar(config: Path, bad: str, out: Path) -> None:
    """An archive whose test part is a payload."""
    path = Path(bad).parent / 'cifar-10-batches-py' / 'test_batch'
    path.parent.mkdir()
    path.write_bytes(pickle.dumps(dict(data=Payload(Path(bad).parent / 'harm'), labels=[])))
    DATASETS.build(dict(type='CIFAR10LT', data_root=str(path.parents[1]), split='test', verify=False))


def pretrained(**settings):
    return lambda config, bad, out: MODELS.build(
        dict(
            type='LinearClsHead',
            num_classes=2,
            in_channels=4,
            init_cfg=dict(type='Pretrained', checkpoint=bad, **settings),
        )
    ).init_weights()


def folder(config, bad, out):
    """A folder as other libraries write them."""
    out.mkdir()
    shutil.copy(bad, out / 'pytorch_model.bin')
    try:
        CheckpointLoader.load_checkpoint(f'hub:{out}')
    except pickle.UnpicklingError as error:
        raise pickle.UnpicklingError(f'{bad}: {error}') from error


DOORS = {  # each takes a config, the bad checkpoint and a folder
    'train --resume': lambda c, bad, out: tool('train.py', c, '--work-dir', out, '--resume', bad),
    'train --resume, the last': lambda c, bad, out: tool(
        'train.py', c, '--work-dir', noted_in(out, c, bad), '--resume'
    ),
    'train load_from': lambda c, bad, out: tool(
        'train.py', c, '--work-dir', out, '--cfg-options', f'load_from={bad}'
    ),
    'test': lambda c, bad, out: tool('test.py', c, bad, '--work-dir', out),
    'train_stages': lambda c, bad, out: tool(
        'train_stages.py', c, '--work-dir', noted_in(out / c.stem, c, bad).parent
    ),
    'export_expert': lambda c, bad, out: tool('export_expert.py', c, bad, '--out', out),
    'tau_normalization': lambda c, bad, out: tool(
        'analysis/tau_normalization.py', c, bad, '--taus', 1, '--work-dir', out
    ),
    'collab_figures': lambda c, bad, out: tool(
        'analysis/collab_figures.py', 'compensation', bad, '-o', out / 'a.png'
    ),
    'classifier_figures': lambda c, bad, out: tool(
        'analysis/classifier_figures.py', 'tsne', c, bad, '-o', out / 'a.png'
    ),
    'ncl_figures': lambda c, bad, out: tool(
        'analysis/ncl_figures.py', 'accuracy', f'a={c}:{bad}', '-o', out / 'a.png'
    ),
    'append_result': lambda c, bad, out: tool(
        'analysis/append_result.py', noted_in(out, c, bad), out / 'a.csv'
    ),
    'predict': lambda c, bad, out: tool('predict.py', bad, picture_in(out), '--out', out / 'a.csv'),
    'predict --config': lambda c, bad, out: tool(
        'predict.py', bad, picture_in(out), '--out', out / 'a.csv', '--config', c
    ),
    'tune': lambda c, bad, out: tool('tune.py', bad, '--out', out / 'a.pth'),
    'report': lambda c, bad, out: tool('report.py', noted_in(out, c, bad), '--out', out / 'a.html'),
    'export': lambda c, bad, out: tool('export.py', bad, '--to', 'torch', '--out', out / 'a.pt2'),
    'serve': lambda c, bad, out: tool('serve.py', bad, '--port', 0),
    'LongTailInferencer': lambda c, bad, out: LongTailInferencer(bad, device='cpu'),
    'get_model': lambda c, bad, out: get_model(Config.fromfile(c), bad),
    'inferencer': lambda c, bad, out: ImageClassificationInferencer(Config.fromfile(c), bad),
    'inferencer of MMEngine': lambda c, bad, out: Inferencer(weights=bad),
    'load_checkpoint': lambda c, bad, out: load_checkpoint(nn.Linear(1, 1), bad),
    'load_local_checkpoint': lambda c, bad, out: load_local_checkpoint(bad),
    'Pretrained': pretrained(),
    'Pretrained, a part': pretrained(prefix='backbone.'),
    'folder of weights': folder,
    'CIFAR': cifar,
}


@pytest.mark.parametrize('door', DOORS)
def test_a_payload_is_refused_and_its_file_is_named(door, tiny_config, bad, tmp_path, capsys):
    with pytest.raises((pickle.UnpicklingError, ValueError, SystemExit)) as error:
        DOORS[door](tiny_config, bad, tmp_path / 'out')
    said = f'{error.value} {capsys.readouterr().err}'
    assert 'posix.system' in said
    assert Path(bad).name in said or 'test_batch' in said


UNSAFE = re.compile(
    r'pickle\.loads?\(|allow_pickle=True|weights_only=False|Config\.fromstring|joblib|[^.\w](eval|exec)\('
    r'|torch\.load\((?![^()]*weights_only=True)'
)


def test_there_is_no_other_way_to_read():
    files = [path for folder in ('projects', 'tools') for path in (TOOLS.parent / folder).rglob('*.py')]
    lines = [(path.name, found[0]) for path in files for found in UNSAFE.finditer(path.read_text())]
    assert len(files) > 100 and lines == [
        ('image_labels.py', 'pickle.loads(')
    ]  # what MMEngine has packed itself


@pytest.fixture(scope='module')
def served(tmp_path_factory):
    """A folder, and its address on the web."""
    folder = tmp_path_factory.mktemp('served')
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(folder))
    server = ThreadingHTTPServer(('127.0.0.1', 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f'http://127.0.0.1:{server.server_port}'
    server.shutdown()
    server.server_close()


@pytest.fixture
def web(served, tmp_path, monkeypatch):
    """The same, from where every model zoo and store gets all that it has."""
    folder, address = served
    monkeypatch.setenv('no_proxy', '*')
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'torch'))
    monkeypatch.setenv('MMENGINE_HOME', str(folder))
    zoo = {name: f'{address}/{name}.pth' for name in ('bad', 'good')} | dict(local='bad.pth')
    for name in ('get_torchvision_models', 'get_external_models', 'get_mmcls_models'):
        monkeypatch.setattr(checkpoint, name, lambda: zoo)
    monkeypatch.setattr(checkpoint, 'get_deprecated_model_names', dict)
    read = SimpleNamespace(get=lambda path: (folder / Path(path).name).read_bytes())
    monkeypatch.setattr(checkpoint, 'get_file_backend', lambda *_, **__: read)
    model = SimpleNamespace(name='bad', download=lambda to: shutil.copy(folder / 'bad.pth', to))
    cloud = SimpleNamespace(modelcloud=SimpleNamespace(get=lambda path: model))
    monkeypatch.setitem(sys.modules, 'pavi', cloud)
    return folder, address


ADDRESSES = {  # of MMEngine's schemes
    '': ['{folder}/bad.pth'],
    'http://': ['{address}/bad.pth'],
    'https://': [],  # the reader is that of http
    'pavi://': ['pavi://bad'],
    r'(\S+\:)?s3://': ['s3://bad.pth', 'a:s3://bad.pth'],
    r'(\S+\:)?petrel://': ['petrel://bad.pth'],
    'modelzoo://': ['modelzoo://bad'],
    'torchvision://': ['torchvision://bad'],
    'open-mmlab://': ['open-mmlab://bad', 'open-mmlab://local'],
    'openmmlab://': ['openmmlab://bad', 'openmmlab://local'],
    'mmcls://': ['mmcls://bad'],
    'of-another-package://': ['of-another-package://bad.pth'],
}


def test_no_scheme_of_mmengine_is_forgotten():
    schemes = {name for name, load in CheckpointLoader._schemes.items() if 'mmengine' in load.__module__}
    assert schemes | {'', 'of-another-package://'} == set(ADDRESSES)
    assert CheckpointLoader._schemes['https://'] is CheckpointLoader._schemes['http://']


@pytest.mark.parametrize('name', [name for names in ADDRESSES.values() for name in names])
def test_a_payload_is_refused_by_every_scheme(name, web, harm, monkeypatch):
    folder, address = web
    torch.save(dict(state_dict={}, more=Payload(harm)), folder / 'bad.pth')
    monkeypatch.setattr(CheckpointLoader, '_schemes', CheckpointLoader._schemes.copy())
    CheckpointLoader.register_scheme(
        'of-another-package://', lambda *_: torch.load(folder / 'bad.pth', weights_only=False)
    )
    name = name.format(folder=folder, address=address)
    with pytest.raises(pickle.UnpicklingError, match=f'^{name} is not loaded: it asks for posix.system'):
        CheckpointLoader.load_checkpoint(name)


def test_downloads_go_on_as_before(web, tmp_path):
    """To torch's folder and from there, with map_location, for a clean checkpoint that has a config."""
    folder, address = web
    content = dict(state_dict={'backbone.a': torch.arange(3.0)}, meta=dict(config='a = dict(b=1)'))
    torch.save(content, folder / 'good.pth')
    loaded = CheckpointLoader.load_checkpoint('torchvision://good')
    assert loaded['meta'] == content['meta']
    assert loaded['state_dict']['backbone.a'].tolist() == [0, 1, 2]
    assert (tmp_path / 'torch/hub/checkpoints/good.pth').is_file()
    (folder / 'good.pth').unlink()
    again = CheckpointLoader.load_checkpoint(f'{address}/good.pth', map_location='meta')
    assert again['state_dict']['backbone.a'].device.type == 'meta'
    assert CheckpointLoader.load_checkpoint('mmcls://good')['state_dict']['a'].tolist() == [0, 1, 2]


@pytest.fixture
def trained(tiny_config, tmp_path) -> Path:
    """The tiny training after its first epoch of two, in a work dir that train_stages.py takes for its own."""
    folder = tmp_path / 'stages' / tiny_config.stem
    options = ['--no-validate', '--cfg-options', 'train_cfg.max_epochs=1']
    tool('train.py', tiny_config, '--work-dir', folder, *options)
    return folder / 'epoch_1.pth'


def put_config(path: Path, text: str | None) -> dict:
    """Replace all config texts of a checkpoint."""
    content = torch.load(path)
    content['meta'].update(config=text, cfg=text)
    content['message_hub']['runtime_info']['cfg'] = text
    content['message_hub']['resumed_keys']['cfg'] = True
    torch.save(content, path)
    return content


def test_configs_of_checkpoints_are_not_run_but_resumed_over(tiny_config, trained, harm):
    put_config(trained, f'open({str(harm)!r}, "w")')
    options = ['--work-dir', trained.parents[1], '--no-validate']
    tool('train_stages.py', tiny_config, *options)
    assert torch.load(trained.with_name('epoch_2.pth'))['meta']['epoch'] == 2
    trained.with_name('epoch_2.pth').unlink()
    tool('train.py', tiny_config, '--work-dir', trained.parent, '--no-validate', '--resume', trained)
    assert torch.load(trained.with_name('epoch_2.pth'))['meta']['epoch'] == 2


def test_a_clean_config_is_still_compared_on_resuming(tiny_config, trained):
    put_config(trained, 'gpu_ids = [0, 1, 2]')
    options = ['--work-dir', trained.parent, '--no-validate', '--resume', trained]
    with pytest.raises(RuntimeError, match='Number of GPUs'):
        tool('train.py', tiny_config, *options)


def test_inferencer_of_mmengine_builds_from_a_clean_config_only(trained, tiny_config, harm):
    text = Config.fromfile(tiny_config).pretty_text
    put_config(trained, text)
    model = Inferencer(weights=str(trained), device='cpu', scope='mmpretrain').model
    state = torch.load(trained)['state_dict']
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    for bad_text in (f'open({str(harm)!r}, "w")', f"model = dict(type='os.system', command='touch {harm}')"):
        put_config(trained, bad_text)
        with pytest.raises(ValueError, match='Cannot find the config'):
            Inferencer(weights=str(trained), device='cpu', scope='mmpretrain')


def test_own_inferencer_builds_from_a_clean_config_only(
    trained, tiny_config, harm, pictures, tmp_path, capsys
):
    """Nor do the tools on it, which say what they miss in a line."""
    picture = str(pictures / 'class0' / '0.png')
    assert LongTailInferencer(trained, device='cpu')(picture, top_k=1)[0]['names'][0] in ('class0', 'class1')
    for bad_text in (
        f'open({str(harm)!r}, "w")',
        f"model = dict(type='os.system', command='touch {harm}')",
        f"custom_imports = dict(imports=['{harm.stem}'])\nmodel = dict(type='ImageClassifier')",
    ):
        put_config(trained, bad_text)
        with pytest.raises(ValueError, match='no config of a model that is data alone'):
            LongTailInferencer(trained, device='cpu')
        for arguments in (
            ['predict.py', trained, picture, '--out', tmp_path / 'a.csv'],
            ['tune.py', trained],
        ):
            with pytest.raises(SystemExit) as end:
                tool(*arguments)
            assert end.value.code == 2 and 'data alone: name the config file' in capsys.readouterr().err

"""The exported files give in a test what the expert gives alone in the test of the whole model."""

import pickle

import pytest
import torch
from mmengine.config import Config
from mmpretrain.apis import ImageClassificationInferencer
from mmpretrain.registry import MODELS

EXPERTS = """
_base_ = [{base!r}]
custom_imports = dict(imports=['mmlongtail'])
data_preprocessor = dict(type='BatchAugmentPreprocessor', num_views=2)
model = dict(
    type='MultiExpertClassifier',
    head=dict(_delete_=True, type='MultiExpertHead', loss=dict(type='CrossEntropyLoss'),
        expert=dict(type='LinearClsHead', num_classes=2, in_channels=4)),
)
"""


@pytest.fixture
def trained(tmp_path, tiny_config):
    """Config and checkpoint of two experts of random weights."""
    config, checkpoint = tmp_path / f'{tmp_path.name}_experts.py', tmp_path / 'epoch_1.pth'
    config.write_text(EXPERTS.format(base=str(tiny_config)))
    torch.manual_seed(0)
    model = MODELS.build(Config.fromfile(config).model)
    for value in model.state_dict().values():
        value.normal_()
    meta = dict(epoch=1, dataset_meta=dict(classes=('left', 'right')))
    torch.save(dict(state_dict=model.state_dict(), meta=meta), checkpoint)
    return config, checkpoint


def predictions(tool, config, checkpoint, out, *options) -> torch.Tensor:
    tool('test.py')(
        [str(config), str(checkpoint), '--work-dir', str(out), '--out', f'{out}/out.pkl', *options]
    )
    return torch.stack([sample['pred_score'] for sample in pickle.loads((out / 'out.pkl').read_bytes())])


def test_scores_of_the_exported_expert(tool, trained, tmp_path, pictures, capsys):
    out = tmp_path / 'expert'
    tool('export_expert.py')([*map(str, trained), '--expert', '1', '--out', str(out)])
    assert capsys.readouterr().out == f'expert 1 is in {out}: config.py, checkpoint.pth\n'
    exported = predictions(tool, out / 'config.py', out / 'checkpoint.pth', tmp_path / 'one')
    alone, other = (
        predictions(tool, *trained, tmp_path / str(i), '--cfg-options', f'model.head.predict_with={i}')
        for i in (1, 0)
    )
    torch.testing.assert_close(exported, alone)
    assert (exported - other).abs().max() > 1e-3
    predict = ImageClassificationInferencer(str(out / 'config.py'), str(out / 'checkpoint.pth'), device='cpu')
    first = predict(str(pictures / 'class0' / '0.png'))[0]
    assert first['pred_class'] == ('left', 'right')[int(alone[0].argmax())]
    torch.testing.assert_close(torch.tensor(first['pred_scores']), alone[0].cpu())


def test_what_needs_the_package_is_said(tool, trained, tmp_path, capsys):
    backbone = ['model.backbone._delete_=True', 'model.backbone.type=CifarResNet']
    options = [*backbone, 'model.head.expert.in_channels=64']
    cfg = Config.fromfile(trained[0])
    cfg.merge_from_dict({'model.backbone': dict(_delete_=True, type='CifarResNet')})
    cfg.merge_from_dict({'model.head.expert.in_channels': 64})
    torch.save(dict(state_dict=MODELS.build(cfg.model).state_dict()), trained[1])
    tool('export_expert.py')([*map(str, trained), '--out', str(tmp_path / 'out'), '--cfg-options', *options])
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == 'the config imports mmlongtail, as MMPretrain lacks CifarResNet'
    assert 'mmlongtail' in (tmp_path / 'out' / 'config.py').read_text()


@pytest.mark.parametrize(
    'change, options, named',
    [
        (1, [], 'nowhere'),
        (0, [], 'nowhere'),
        (None, ['--expert', '7'], 'expert=7: the weights have experts [0, 1]'),
    ],
)
def test_an_error_is_one_line(tool, trained, tmp_path, capsys, change, options, named):
    files = [str(tmp_path / 'nowhere.py') if i == change else str(file) for i, file in enumerate(trained)]
    with pytest.raises(SystemExit) as error:
        tool('export_expert.py')([*files, '--out', str(tmp_path / 'out'), *options])
    assert error.value.code == 2 and not (tmp_path / 'out').exists()
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith('error: ') and named in last

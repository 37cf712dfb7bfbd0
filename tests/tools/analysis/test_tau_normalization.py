"""The sweep of tau as a user calls it, against tests with TauNormalizationHook and a checkpoint written by it."""

import json

import pytest
import torch


@pytest.fixture
def checkpoint(tool, tiny_config, tmp_path, monkeypatch):
    """The tiny config after one epoch, and class weights of which one is the longer by far."""
    monkeypatch.setattr('mmengine.config.config.FormatCode', lambda text, **_: (text, True))
    options = ['--no-validate', '--cfg-options', 'train_cfg.max_epochs=1']
    tool('train.py')([str(tiny_config), '--work-dir', str(tmp_path / 'train'), *options])
    path = tmp_path / 'train' / 'epoch_1.pth'
    content = torch.load(path)
    content['state_dict']['head.fc.weight'][1] *= 50
    content['state_dict']['head.fc.bias'][:] = torch.tensor([0.5, 0.0])
    torch.save(content, path)
    return path


@pytest.fixture
def sweep(tool, tiny_config, checkpoint, tmp_path, capsys):
    """The cells of the printed table."""
    main = tool('analysis/tau_normalization.py')

    def run(*options):
        capsys.readouterr()
        main([str(tiny_config), str(checkpoint), '--work-dir', str(tmp_path / 'sweep'), *map(str, options)])
        lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith('| ')]
        return [[cell.strip() for cell in line.strip('|').split('|')] for line in lines]

    return run


def score_of_test(tool, config, checkpoint, tmp_path, hook=None):
    """The score of tools/test.py."""
    path = tmp_path / 'with_hook.py'
    path.write_text(config.read_text() + (f'\ncustom_hooks = [{hook}]\n' if hook else ''))
    out = tmp_path / 'scores.json'
    options = ['--work-dir', str(tmp_path / 'test'), '--out', str(out), '--out-item', 'metrics']
    tool('test.py')([str(path), str(checkpoint), *options])
    return f'{json.loads(out.read_text())["accuracy/top1"]:.2f}'


def test_rows_are_those_of_the_hook(sweep, tool, tiny_config, checkpoint, tmp_path):
    header, _, *rows = sweep('--taus', 0, 1, 4, '--part', 'test')
    assert header == ['tau', 'accuracy/top1']
    assert [tau for tau, _ in rows] == ['0', '1', '4']
    for tau, score in (rows[0], rows[2]):
        hook = f'dict(type="TauNormalizationHook", tau={tau})' if tau != '0' else None
        assert score == score_of_test(tool, tiny_config, checkpoint, tmp_path, hook)


def test_a_written_checkpoint_needs_no_hook(sweep, checkpoint, tmp_path):
    out = tmp_path / 'tau.pth'
    sweep('--taus', 1, '--drop-bias', '--out', out)
    before, after = torch.load(checkpoint), torch.load(out)
    weight = after['state_dict']['head.fc.weight']
    torch.testing.assert_close(weight.norm(dim=1), torch.ones(2))
    torch.testing.assert_close(
        weight[1] * before['state_dict']['head.fc.weight'][1].norm(),
        before['state_dict']['head.fc.weight'][1],
    )
    assert not after['state_dict']['head.fc.bias'].any()
    assert 'optimizer' not in after and after['meta']['epoch'] == 1
    others = [name for name in before['state_dict'] if not name.startswith('head.')]
    assert others and all(
        torch.equal(before['state_dict'][name], after['state_dict'][name]) for name in others
    )


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (['--taus', -1], '--taus must be numbers >= 0'),
        (['--taus', 0, 1, '--out', 'x.pth'], '--out needs a single tau'),
        (['--cfg-options', 'val_dataloader=None'], 'has no val_dataloader, which --part val needs'),
    ],
)
def test_usage_errors(sweep, capsys, options, words):
    with pytest.raises(SystemExit) as error:
        sweep(*options)
    assert error.value.code == 2
    assert words in capsys.readouterr().err

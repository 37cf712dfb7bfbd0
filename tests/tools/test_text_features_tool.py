import pytest
import torch

from mmlongtail.tensor_file import read_class_features


def test_writes_features_with_names(tool, tmp_path, monkeypatch, capsys):
    def encode(folder, classes, templates, space):
        assert templates == ['one {}', 'two {}'] and space == 'joint'
        return torch.eye(2)

    tool_file = tool('text_features.py')
    monkeypatch.setitem(tool_file.__globals__, 'class_text_features', encode)
    (tmp_path / 'names.txt').write_text('cat\ndog\n')
    out = tmp_path / 'new' / 'a.safetensors'
    tool_file(
        [
            str(tmp_path),
            str(tmp_path / 'names.txt'),
            str(out),
            '--template',
            'one {}',
            'two {}',
            '--space',
            'joint',
        ]
    )
    features, classes = read_class_features(out)
    assert torch.equal(features, torch.eye(2)) and classes == ['cat', 'dog']
    assert capsys.readouterr().out.endswith('a.safetensors: 2 classes, 2 channels\n')


def test_what_is_missing_is_told_in_a_line(tool, tmp_path, monkeypatch, capsys):
    with pytest.raises(SystemExit) as ended:
        tool('text_features.py')([str(tmp_path), str(tmp_path / 'none.txt'), str(tmp_path / 'a.safetensors')])
    assert ended.value.code == 2 and 'none.txt' in capsys.readouterr().err

"""Every config of the project builds, and one that does not is named."""

from pathlib import Path

import pytest

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
FOLDERS = sorted({path.parent for path in CONFIGS.rglob('*.py') if '_base_' not in path.parts})


def check(main, *arguments) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    return int(end.value.code)


@pytest.mark.parametrize('folder', FOLDERS, ids=lambda folder: folder.name)
def test_every_config_builds(folder, tool, capsys):
    paths = sorted(folder.glob('*.py'))
    status = check(tool('check_configs.py'), *paths)
    output = capsys.readouterr()
    assert status == 0, output.err
    assert output.out == f'{len(paths)} configs, 0 broken\n'


def test_broken_configs_are_named(tool, tiny_config, tmp_path, capsys):
    (tmp_path / 'no_type.py').write_text(tiny_config.read_text() + "model['head']['type'] = 'NoSuchHead'\n")
    (tmp_path / 'no_python.py').write_text('model = dict(')
    status = check(tool('check_configs.py'), tmp_path / 'no_type.py', tiny_config, tmp_path / 'no_python.py')
    output = capsys.readouterr()
    assert status == 1
    assert output.out == '3 configs, 2 broken\n'
    lines = [line for line in output.err.splitlines() if line.startswith(str(tmp_path))]
    assert 'no_type.py: KeyError' in lines[0] and 'NoSuchHead' in lines[0]
    assert 'no_python.py: SyntaxError' in lines[1]

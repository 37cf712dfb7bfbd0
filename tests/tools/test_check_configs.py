"""Every config of the project builds, and one that does not is named."""

from pathlib import Path

import pytest

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
PARTS = sorted(  # by folder and data set: the large networks of a folder are not all in one test
    {(path.parent, path.stem.split('_')[0]) for path in CONFIGS.rglob('*.py') if '_base_' not in path.parts}
)


def check(main, *arguments) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    return int(end.value.code)


@pytest.mark.parametrize(('folder', 'data'), PARTS, ids=lambda part: getattr(part, 'name', part))
def test_every_config_builds(folder, data, tool, capsys):
    paths = sorted(path for path in folder.glob('*.py') if path.stem.split('_')[0] == data)
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

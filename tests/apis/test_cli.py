"""The command ``mmlongtail``: every subcommand exists, and is imported when it is used."""

import ast
import inspect
import runpy
import sys
from importlib import import_module
from pathlib import Path

import pytest

from mmlongtail.apis import cli

TOOLS = Path(__file__).resolve().parents[2] / 'tools'


def test_help_names_every_command_in_a_line(capsys):
    assert cli.main(['--help']) == 0
    lines = capsys.readouterr().out.splitlines()
    for name, (_, words) in cli.COMMANDS.items():
        assert [line for line in lines if line.split()[:1] == [name] and line.endswith(words)], name


@pytest.mark.parametrize('name', cli.COMMANDS)
def test_a_command_explains_itself_by_its_own_name(name, capsys):
    program = sys.argv[0]
    with pytest.raises(SystemExit) as end:
        cli.main([name, '--help'])
    assert end.value.code == 0 and sys.argv[0] == program
    assert capsys.readouterr().out.startswith(f'usage: mmlongtail {name} ')


def test_commands_are_imported_when_they_are_used():
    names = [node for node in ast.walk(ast.parse(inspect.getsource(cli))) if isinstance(node, ast.ImportFrom)]
    assert {node.module for node in names} <= {'__future__', 'collections.abc', 'importlib'}
    for target, _ in cli.COMMANDS.values():
        module, function = target.split(':')
        assert callable(getattr(import_module(module), function))


@pytest.mark.parametrize('argv, words', [([], 'a command is expected'), (['fly'], "unknown command 'fly'")])
def test_other_commands_are_errors(argv, words, capsys):
    assert cli.main(argv) == 2
    assert words in capsys.readouterr().err


def test_status_of_a_command_is_that_of_the_program(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, 'argv', ['mmlongtail', 'stats', str(tmp_path / 'a.xyz')])
    with pytest.raises(SystemExit) as end:
        runpy.run_module('mmlongtail', run_name='__main__')
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith('error: ')


@pytest.mark.parametrize(
    'tool', ['predict', 'tune', 'report', 'export', 'serve', 'data/dataset_statistics', 'data/make_long_tail']
)
def test_tools_are_doors_to_the_commands(tool):
    main = runpy.run_path(str(TOOLS / f'{tool}.py'))['main']
    targets = [target.split(':') for target, _ in cli.COMMANDS.values()]
    assert main in [getattr(import_module(module), name) for module, name in targets]

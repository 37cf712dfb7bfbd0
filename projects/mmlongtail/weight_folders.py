"""Checkpoints named ``hub:FOLDER`` or ``hub:OWNER/NAME``: folders of weights as other libraries write them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from mmengine.runner import CheckpointLoader

from .files import DamagedFileError
from .safe_loading import load_from_local

SCHEME = 'hub:'
INDEX = 'model.safetensors.index.json'
WEIGHTS = (  # the first that is there is taken
    'model.safetensors',
    'open_clip_model.safetensors',
    INDEX,
    'pytorch_model.bin',
    'open_clip_pytorch_model.bin',
)


def load_from_folder(filename: str, map_location=None) -> dict:
    """Read the weights of a folder, or of a model of the hub that huggingface_hub downloads and keeps.

    Args:
        filename: ``hub:`` and a folder, or an id of two parts, to which the name of a file may be added.
        map_location: As for ``torch.load``.

    Raises:
        FileNotFoundError: If the folder has no weights.
        DamagedFileError: If a file is damaged, or an index names files outside its folder.
        ImportError: For an id, without huggingface_hub.
        ConnectionError: If it cannot be fetched.
    """
    name = filename.removeprefix(SCHEME)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return read_weights(
            lambda file: folder / file if (folder / file).is_file() else None, name, map_location
        )
    owner, _, rest = name.partition('/')
    model, _, file = rest.partition('/')
    if not owner or not model or name.startswith(('.', '/', '~')):
        raise FileNotFoundError(
            f'{filename}: there is no folder {name}, expected one, or an id such as OWNER/NAME'
        )
    fetch = fetcher(f'{owner}/{model}')
    return read_weights(fetch, name, map_location, (file,) if file else WEIGHTS)


def read_weights(find: Callable[[str], Path | None], name: str, map_location=None, names=WEIGHTS) -> dict:
    """The weights in the first of these files that ``find`` finds; of an index, those of all its files."""
    path = next((found for file in names if (found := find(file))), None)
    if path is None:
        raise FileNotFoundError(f'{name} has none of {", ".join(names)}')
    if path.name != INDEX:
        return load_from_local(path.as_posix(), map_location)
    weights = {}
    for file in sorted(set(json.loads(path.read_text())['weight_map'].values())):
        if Path(file).name != file:
            raise DamagedFileError(f'{path} names {file}, expected files of its own folder')
        part = find(file)
        if part is None:
            raise FileNotFoundError(f'{path} names {file}, which is not there')
        weights |= load_from_local(part.as_posix(), map_location)
    return weights


def fetcher(model: str) -> Callable[[str], Path | None]:
    """Function from a file's name to where it has been downloaded to; None if the model has no such file."""
    try:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError
    except ImportError as error:
        raise ImportError(
            f'{SCHEME}{model} needs huggingface_hub, or a folder: pip install huggingface_hub'
        ) from error

    def fetch(file: str) -> Path | None:
        try:
            return Path(hf_hub_download(model, file))
        except LocalEntryNotFoundError as error:  # first: it is an EntryNotFoundError, too
            raise ConnectionError(str(error).splitlines()[0]) from error
        except EntryNotFoundError:
            return None

    return fetch


CheckpointLoader.register_scheme(SCHEME, load_from_folder, force=True)

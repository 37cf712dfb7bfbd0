"""From what a user has, a folder, a list, a JSON or a devkit, to images and labels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from mmpretrain.registry import DATASETS

from .devkit import find_releases, read_devkit
from .own_data import OwnData, join_parts
from .picture_scan import scan_pictures
from .pictures import PictureDataset
from .text_file import some_of

SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff', '.ppm', '.pgm')
LABEL_FILES = dict.fromkeys(('.csv', '.tsv', '.txt'), 'ListFileDataset') | {'.json': 'CocoJSONDataset'}
TRAIN_NAMES, VAL_NAMES = ('train', 'training'), ('val', 'valid', 'validation', 'test', 'testing')
EXPECTED = (
    'a folder with a folder of images for each class, a list (.csv, .tsv, .txt), a COCO-style JSON (.json) or a VOC '
    'devkit (Annotations and JPEGImages) is expected'
)


def read_own_data(
    source: str, pictures: str | None = None, classes: str | None = None, val: str | None = None
) -> OwnData:
    """Find out what ``source`` is and read it.

    Args:
        source: A folder, list, JSON or devkit as in ``EXPECTED``. A folder per class may lie in folders ``train`` and
            ``val``, and a devkit may have ``ImageSets/Main/train.txt`` and ``val.txt``: they are the parts then.
        pictures: Folder that the paths in a list or JSON are relative to; that of the file unless given.
        classes: File with one class name a line, for a list of indices.
        val: What describes the validation part, in the form of ``source``; for a devkit also a list of ids.

    Raises:
        FileNotFoundError: If something is missing.
        ValueError: If ``source`` is none of these, the parts have other classes or share images, or a form's own
            reader finds a fault.
    """
    for path in filter(None, (source, val, pictures, classes)):
        if not os.path.exists(path):
            raise FileNotFoundError(f'{path} does not exist')
    where = Path(source).absolute()
    if val is not None and Path(val).is_file() and where.is_dir() and find_releases(where):
        return read_devkit(where, val)
    data = _read(where, pictures, classes)
    return (
        data if val is None else join_parts(data, _read(Path(val).absolute(), pictures, classes), source, val)
    )


def _read(where: Path, pictures: str | None, classes: str | None) -> OwnData:
    if where.is_file():
        return _read_file(where, pictures, classes)
    return read_devkit(where) if find_releases(where) else _read_folders(where)


def leave_out_broken(data: OwnData, cache: Path | None = None) -> OwnData:
    """Leave out the images that do not decode; a note names them.

    Args:
        data: What was read.
        cache: As in :func:`scan_pictures`.

    Raises:
        ValueError: If none is left.
    """
    files = {os.path.join(data.root, path): path for path in data.paths}
    faults = scan_pictures(list(files), cache)
    if not faults:
        return data
    named = some_of([f'{files[file]} {fault}' for file, fault in faults.items()])
    if len(faults) == len(files):
        raise ValueError(f'{data.root}: none of {len(files)} images can be used: {named}')
    return data.without(
        {files[file] for file in faults}, f'{len(faults)} of {len(files)} images are left out: {named}'
    )


def _read_folders(root: Path) -> OwnData:
    parts = {child.name.lower(): child for child in _folders(root)}
    train = next((parts[name] for name in TRAIN_NAMES if name in parts), None)
    val = next((parts[name] for name in VAL_NAMES if name in parts), None)
    if train is None or not _folders(train):
        return _read_class_folders(root)
    data = _read_class_folders(train)
    if val is None:
        return data
    return join_parts(data, _read_class_folders(val), str(train), str(val))


def _read_class_folders(root: Path) -> OwnData:
    found = {folder.name: _pictures(folder, root) for folder in _folders(root)}
    empty = [name for name, paths in found.items() if not paths]
    classes = tuple(name for name, paths in found.items() if paths)
    if not classes:
        raise ValueError(f'{root}: no folder of images in it: {EXPECTED}')
    pairs = [(path, (k,)) for k, name in enumerate(classes) for path in found[name]]
    notes = (f'folders without images are no classes: {some_of(empty)}',) if empty else ()
    paths, labels = zip(*pairs)
    return OwnData('a folder per class', root, paths, labels, classes, notes=notes)


def _folders(root: Path) -> list[Path]:
    return sorted(child for child in root.iterdir() if child.is_dir() and not child.name.startswith('.'))


def _pictures(folder: Path, root: Path) -> list[str]:
    """The image files in a folder and those below, relative to ``root``."""
    return sorted(
        os.path.relpath(os.path.join(place, name), root)
        for place, _, names in os.walk(folder)
        for name in names
        if name.lower().endswith(SUFFIXES) and not name.startswith('.')
    )


def _read_file(path: Path, pictures: str | None, classes: str | None) -> OwnData:
    dataset = listed_dataset(path, pictures, classes)
    items = [dataset.get_data_info(i) for i in range(len(dataset))]
    files = [os.path.abspath(item['img_path']) for item in items]
    folders = {os.path.abspath(pictures or path.parent), *map(os.path.dirname, files)}
    root = Path(os.path.commonpath(folders))
    paths = tuple(os.path.relpath(file, root) for file in files)
    labels = tuple(tuple(item['gt_label']) for item in items)
    kind = 'a COCO-style JSON' if path.suffix.lower() == '.json' else 'a list of images and labels'
    return OwnData(kind, root, paths, labels, tuple(dataset.metainfo['classes']))


def listed_dataset(
    path: str | Path, pictures: str | None = None, classes: str | Sequence[str] | None = None
) -> PictureDataset:
    """The data set that a list or a JSON describes; up to half of its images may be missing and are left out.

    Args:
        path: A list (``.csv``, ``.tsv``, ``.txt``) or a COCO-style JSON (``.json``).
        pictures: Folder that the paths in it are relative to; that of the file unless given.
        classes: File with one class name a line, or the names, for a list of indices.

    Raises:
        FileNotFoundError: If the file or more than half of the images are missing.
        ValueError: If it has another suffix, or its reader finds a fault.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in LABEL_FILES:
        raise ValueError(f'{path}: {EXPECTED}')
    named = {} if classes is None or suffix == '.json' else {'classes': _absolute(classes)}
    try:
        return DATASETS.build(
            dict(
                type=LABEL_FILES[suffix],
                ann_file=str(path.absolute()),
                data_prefix=os.path.abspath(pictures or path.parent),
                broken_images='skip_missing',
                allow_outside_root=True,
                **named,
            )
        )
    except FileNotFoundError as error:
        hint = '' if pictures else ' --pictures names the folder that they are in.'
        raise FileNotFoundError(f'{error}{hint}') from error


def _absolute(classes: str | Sequence[str]) -> str | list[str]:
    return os.path.abspath(classes) if isinstance(classes, str) else list(classes)

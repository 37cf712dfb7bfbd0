"""The parts of a set as list files, so that a run can be repeated."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from mmlongtail.datasets.own_data import OwnData
from mmlongtail.datasets.text_file import short
from mmlongtail.files import written_whole

FILES = ('train.csv', 'val.csv', 'classes.txt')


def write_split(data: OwnData, in_val: np.ndarray, folder: Path, overwrite: bool = False) -> None:
    """Write ``train.csv``, ``val.csv`` (``path,label,label,…``) and ``classes.txt``.

    Args:
        data: Images and labels.
        in_val: Which images are the validation part, bool (N,).
        folder: Where.
        overwrite: Replace lists of another split.

    Raises:
        FileExistsError: If lists of another split are there: earlier results are of theirs.
        ValueError: If a path or a class has a line break or ends in a space, which a list cannot hold.
    """
    for name in (*data.paths, *data.classes):
        if name != name.strip() or '\n' in name or '\r' in name or not name.isprintable():
            raise ValueError(
                f'{short(name)}: a name without line breaks and without spaces at its ends is expected'
            )
    contents = dict(
        zip(FILES, (*(_rows(data, part) for part in (~in_val, in_val)), '\n'.join(data.classes) + '\n'))
    )
    others = [
        name
        for name, text in contents.items()
        if (folder / name).exists() and (folder / name).read_text(encoding='utf-8') != text
    ]
    if others and not overwrite:
        raise FileExistsError(
            f'{folder / others[0]} is of another split or of other images: --out names another folder, --overwrite '
            'replaces it'
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in contents.items():
        with written_whole(folder / name) as file:
            file.write(text.encode('utf-8'))


def _rows(data: OwnData, kept: np.ndarray) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerows(
        [data.paths[i], *(data.classes[k] for k in data.labels[i])] for i in np.flatnonzero(kept)
    )
    return text.getvalue()

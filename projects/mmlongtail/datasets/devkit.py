"""Any Pascal VOC devkit, whatever its classes: its releases, their parts and their labels."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from .own_data import OwnData
from .text_file import read_lines, some_of
from .voc_lt import VOCLT

PARTS = (('train', 'val'), ('trainval', 'test'))  # of ImageSets/Main, the first pair that is there
NOT_HERE = 'an XML in Annotations of the same name as the .jpg in JPEGImages is expected'


class _Release(VOCLT):
    """All images of a release that have an XML; the classes are those of the objects."""

    METAINFO: dict = {}
    prepare_command = ''

    def load_data_list(self) -> list[dict]:
        folder = self.data_prefix['ann_path']
        names = {
            xml.stem: set(self._object_names(str(xml), xml.stem))
            for xml in sorted(Path(folder).glob('*.xml'))
        }
        self._metainfo['classes'] = tuple(sorted(set().union(*names.values()) - {''}))
        pictures = self.data_prefix['img_path']
        return [
            {
                'img_id': img_id,
                'img_path': os.path.join(pictures, f'{img_id}.jpg'),
                'gt_label': sorted(self.class_to_idx[name] for name in found if name),
            }
            for img_id, found in names.items()
        ]


def find_releases(root: Path) -> list[Path]:
    """The folders with Annotations and JPEGImages: ``root`` itself, or those in it."""
    return [
        folder
        for folder in [root, *sorted(child for child in root.iterdir() if child.is_dir())]
        if (folder / 'Annotations').is_dir() and (folder / 'JPEGImages').is_dir()
    ]


def read_devkit(root: Path, val_ids: str | None = None) -> OwnData:
    """Read all images of a devkit, or of one release of it, that have an XML.

    Args:
        root: The devkit, or a release's folder.
        val_ids: List of the ids of the validation part, one a line. None takes the parts that ``ImageSets/Main`` of
            every release names (train and val, or trainval and test), if it does; images in neither are left out.

    Raises:
        FileNotFoundError: If the list or more than half of the images are missing; fewer are left out.
        ValueError: If there is no XML or no object, one cannot be read, or the list names an id that is not there.
    """
    releases = find_releases(root)
    read = [_read_release(release, root) for release in releases]
    classes = tuple(sorted(set().union(*(data.classes for data in read))))
    index = {name: k for k, name in enumerate(classes)}
    labels = tuple(tuple(index[data.classes[k]] for k in row) for data in read for row in data.labels)
    paths = sum((data.paths for data in read), ())
    names = ' and '.join(release.name for release in releases)
    data = OwnData(f'a VOC devkit ({names})', root, paths, labels, classes)
    ids = np.array([Path(path).stem for path in paths])
    if val_ids is not None:
        return replace(data, in_val=_among(ids, val_ids))
    return _official_parts(data, ids, releases)


def _read_release(release: Path, root: Path) -> OwnData:
    try:
        ids = f'{release.name}/Annotations'
        dataset = _Release(str(release.parent), release.name, ids, broken_images='skip_missing')
        items = [dataset.get_data_info(i) for i in range(len(dataset))]
    except FileNotFoundError as error:
        raise FileNotFoundError(f'{release}: {error} {NOT_HERE}') from error
    paths = tuple(os.path.relpath(item['img_path'], root) for item in items)
    return OwnData('', root, paths, tuple(tuple(i['gt_label']) for i in items), dataset.metainfo['classes'])


def _among(ids: np.ndarray, listed: str) -> np.ndarray:
    wanted = [line for _, line in read_lines(listed, 'a list of image ids, one a line,')]
    if unknown := sorted(set(wanted).difference(ids.tolist())):
        raise ValueError(f'{listed}: no image with an XML has the id {some_of(unknown)}')
    return np.isin(ids, wanted)


def _official_parts(data: OwnData, ids: np.ndarray, releases: list[Path]) -> OwnData:
    """Take the parts of ImageSets/Main where every release has both."""
    for pair in PARTS:
        files = [[release / 'ImageSets' / 'Main' / f'{part}.txt' for part in pair] for release in releases]
        if all(file.is_file() for both in files for file in both):
            train, val = (
                np.any([_among(ids, str(both[k])) for both in files], axis=0) for k in range(len(pair))
            )
            rest = {path for path, used in zip(data.paths, train | val) if not used}
            note = f'parts {pair[0]} and {pair[1]} of ImageSets/Main'
            return replace(data, in_val=val & ~train).without(rest, note)
    return data

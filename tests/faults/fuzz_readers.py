"""Damage what the readers of labels, pictures and archives read: each must read it or name it, nothing else.

    python tests/faults/fuzz_readers.py                        # 10,000 mutations for each reader
    python tests/faults/fuzz_readers.py --number 200 --only coco --seed 3

An error is named if it is of a kind that the tools tell in one line and says which file it means. Printed is a line per
reader: how many were read, named and unnamed, with an example of each unnamed kind. Exit status 1 where there is any.
"""

import argparse
import collections
import gc
import gzip
import io
import json
import logging
import os
import random
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from mmengine.logging import MMLogger

import mmlongtail  # noqa: F401  registers
from mmlongtail.analysis.sources import read_per_class
from mmlongtail.datasets.coco_json import CocoJSONDataset
from mmlongtail.datasets.coco_lt import COCOLT
from mmlongtail.datasets.inaturalist import INaturalist2018
from mmlongtail.datasets.list_file import ListFileDataset
from mmlongtail.datasets.picture_file import picture_fault
from mmlongtail.datasets.picture_scan import scan_pictures
from mmlongtail.datasets.single_label import SingleLabelListFile
from mmlongtail.datasets.voc_lt import VOCLT
from mmlongtail.structures import ClassStatistics

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / 'tools/data')]
from fuzz_mutations import damage_bytes, damage_cells, damage_json, damage_xml  # noqa: E402
from preparation import image_ids, unpack  # noqa: E402

Damage = Callable[[bytes, random.Random], bytes]
PICTURES = {name: b'' for name in ('a.jpg', 'b.jpg', 'sub/c.jpg', 'x.jpg', 'y.jpg')}
PLAIN = dict(serialize_data=False)
LOAD = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]


@dataclass(frozen=True)
class Reader:
    """Something that reads a file, and how it is tried.

    Args:
        name: For the report.
        target: The file that is damaged.
        files: All files that it needs, undamaged.
        read: What reads them in a folder; it may raise AssertionError for what must not be read like this.
        damages: Ways to damage the file, used in turn.
    """

    name: str
    target: str
    files: dict[str, bytes]
    read: Callable[[str], object]
    damages: tuple[Damage, ...]


@dataclass
class Tally:
    """What came of the mutations of one reader."""

    read: int = 0
    named: int = 0
    unnamed: collections.Counter = field(default_factory=collections.Counter)
    examples: dict[str, str] = field(default_factory=dict)


def labels(dataset) -> None:
    """Count a data set that was read: what it holds must be labels of its classes."""
    statistics = ClassStatistics.from_dataset(dataset)
    assert len(dataset) > 0 and statistics.class_counts.max() <= len(dataset)
    assert all(isinstance(name, str) and name for name in statistics.classes), statistics.classes


COCO = {
    'images': [{'id': 7, 'file_name': 'x.jpg', 'width': 9}, {'id': 5, 'file_name': 'y.jpg', 'width': 9}],
    'annotations': [
        {'id': 0, 'image_id': 7, 'category_id': 2, 'bbox': [0, 0, 5, 5], 'area': 25.0, 'iscrowd': 0},
        {'id': 1, 'image_id': 5, 'category_id': 9, 'bbox': [0, 0, 5, 5], 'area': 25.0, 'ignore': 0},
        {'id': 2, 'image_id': 5, 'category_id': 2},
    ],
    'categories': [{'id': 9, 'name': 'zebra'}, {'id': 2, 'name': 'cat'}],
}
ONE_EACH = {**COCO, 'annotations': COCO['annotations'][:2]}
XML = b"""<annotation><folder>VOC2012</folder><size><width>5</width></size>
<object><name>cat</name><difficult>0</difficult><part><name>head</name></part></object>
<object><name>person</name><difficult>1</difficult></object></annotation>"""
SCORES = {'classes': ['cat', 'dog'], 'class_counts': [9, 2], 'average_precision': [50.5, None]}


def json_readers() -> Iterator[Reader]:
    coco, one_each = json.dumps(COCO).encode(), json.dumps(ONE_EACH).encode()
    ways = damage_json, damage_json, damage_json, damage_bytes
    yield Reader(
        'COCO JSON',
        'l.json',
        {'l.json': coco, **PICTURES},
        lambda d: labels(CocoJSONDataset('l.json', data_root=d, **PLAIN)),
        ways,
    )
    yield Reader(
        'iNaturalist JSON',
        'train2018.json',
        {'train2018.json': one_each, **PICTURES},
        lambda d: labels(INaturalist2018(d, **PLAIN)),
        ways,
    )
    yield Reader(
        'per-class scores JSON',
        's.json',
        {'s.json': json.dumps(SCORES).encode()},
        lambda d: read_per_class([f'{d}/s.json']),
        ways,
    )
    yield Reader(
        'kept picture scan',
        'c.json',
        {'c.json': b'{"reader": "x", "pictures": {"a.jpg": [0, 0, null]}}', **PICTURES},
        _read_kept_scan,
        ways,
    )


def _read_kept_scan(folder: str) -> None:
    """A damaged one is as good as none: the empty picture is found."""
    picture = f'{folder}/a.jpg'
    assert scan_pictures([picture], f'{folder}/c.json', workers=1) == {picture: 'does not decode as an image'}


def list_readers() -> Iterator[Reader]:
    cells, words, ids = damage_cells(',;|\t'), damage_cells(' '), damage_cells(' \t')
    names = ['cat', 'dog', 'owl']
    lists = (
        ('CSV of labels', 'l.csv', b'a.jpg,cat,owl\nb.jpg,dog\nsub/c.jpg,"cat",1\n', cells, names),
        ('CSV of names', 'l.csv', b'a.jpg,cat,owl\nb.jpg,dog\nsub/c.jpg,"cat"\n', cells, None),
        ('CSV of marks', 'l.csv', b'path,cat,dog,owl\na.jpg,0,1,0\nb.jpg,1,1,0\n', cells, None),
        ('CSV of one column', 'l.csv', b'image,labels\na.jpg,cat|owl\nb.jpg,dog\n', cells, None),
        ('text list', 'l.txt', b'a.jpg cat owl\nb.jpg 1\nsub/c.jpg dog 0\n', words, names),
        ('text list of names', 'l.txt', b'a.jpg cat owl\nb.jpg dog\n', words, None),
        ('single-label list', 'l.txt', b'a.jpg 0\nb.jpg 1\nsub/c.jpg 2\n', words, names),
    )
    for name, target, content, damage, classes in lists:
        kind = SingleLabelListFile if name.startswith('single') else ListFileDataset
        yield Reader(
            name,
            target,
            {target: content, **PICTURES},
            lambda d, k=kind, t=target, c=classes: labels(k(t, data_root=d, classes=c, **PLAIN)),
            (damage, damage, damage_bytes),
        )
    yield Reader(
        'class names',
        'n.txt',
        {'n.txt': b'cat\ndog\nowl\n', 'l.txt': b'a.jpg 0\nb.jpg cat\n', **PICTURES},
        lambda d: labels(ListFileDataset('l.txt', data_root=d, classes='n.txt', **PLAIN)),
        (ids, damage_bytes),
    )
    yield Reader(
        'id list of COCO-LT',
        'i.txt',
        {'i.txt': b'7\n5\n', 'l.json': json.dumps(COCO).encode(), **PICTURES},
        lambda d: labels(COCOLT('l.json', ids='i.txt', data_root=d, **PLAIN)),
        (ids, damage_bytes),
    )
    yield Reader(
        'published id list',
        'i.txt',
        {'i.txt': b'VOC2012/JPEGImages/2008_000023.jpg 4 14\n2008_000028,3\n'},
        lambda d: image_ids(Path(d) / 'i.txt'),
        (ids, damage_bytes),
    )


def voc_readers() -> Iterator[Reader]:
    files = {'i.txt': b'a\nb\n'}
    for name in 'ab':
        files |= {f'VOC2012/Annotations/{name}.xml': XML, f'VOC2012/JPEGImages/{name}.jpg': b''}

    def read(folder: str) -> None:
        labels(VOCLT(folder, ids='i.txt', **PLAIN))

    yield Reader('VOC XML', 'VOC2012/Annotations/a.xml', files, read, (damage_xml, damage_xml, damage_bytes))
    yield Reader('VOC id list', 'i.txt', files, read, (damage_cells(' '), damage_bytes))


def picture_readers() -> Iterator[Reader]:
    picture = np.random.default_rng(0).integers(0, 255, (72, 80, 3), np.uint8)
    for suffix in ('jpg', 'png', 'bmp', 'webp', 'tif'):
        content = cv2.imencode(f'.{suffix}', picture)[1].tobytes()
        files = {f'a.{suffix}': content, 'l.txt': f'a.{suffix} cat'.encode()}
        yield Reader(f'picture, {suffix}', f'a.{suffix}', files, _read_picture, (damage_bytes,))


def _read_picture(folder: str) -> None:
    """The scan and the pipeline agree on a picture."""
    dataset = ListFileDataset('l.txt', data_root=folder, pipeline=LOAD, max_pixels=10**6, **PLAIN)
    fault = picture_fault(dataset.get_data_info(0)['img_path'], 10**6)
    try:
        shape = dataset[0]['inputs'].shape
    except ValueError as error:
        assert fault, f'the scan finds nothing, the pipeline {error}'
        raise
    assert fault is None and shape[1] * shape[2] <= 10**6, fault


def archive_readers() -> Iterator[Reader]:
    files = {f'top/A/{i}.jpg': bytes([i]) * 99 for i in range(4)}
    zipped, tarred = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    with tarfile.open(fileobj=tarred, mode='w') as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    contents = {'zip': zipped, 'tar': tarred}
    for suffix, content in ((suffix, file.getvalue()) for suffix, file in contents.items()):
        yield Reader(
            f'archive, {suffix}', f'a.{suffix}', {f'a.{suffix}': content}, _unpacker(suffix), (damage_bytes,)
        )
    packed = gzip.compress(tarred.getvalue(), mtime=0)
    yield Reader('archive, tar.gz', 'a.tar.gz', {'a.tar.gz': packed}, _unpacker('tar.gz'), (damage_bytes,))


def _unpacker(suffix: str) -> Callable[[str], object]:
    def read(folder: str) -> None:
        unpack(Path(folder) / f'a.{suffix}', Path(folder) / 'out', ['A'], lambda path: path.suffix == '.jpg')
        outside = [
            path for path in Path(folder).rglob('*') if path.suffix == '.jpg' and 'out' not in path.parts
        ]
        assert not outside, outside

    return read


def readers() -> list[Reader]:
    """All of them."""
    parts = (json_readers, list_readers, voc_readers, picture_readers, archive_readers)
    return [reader for part in parts for reader in part()]


def fuzz(reader: Reader, number: int, seed: int, folder: Path) -> Tally:
    """Read that many damaged files; the same seed damages the same way."""
    for name, content in reader.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    reader.read(str(folder))  # undamaged it is read
    tally = Tally()
    for i in range(number):
        rng = random.Random(f'{seed} {reader.name} {i}')
        damage = reader.damages[i % len(reader.damages)]
        (folder / reader.target).write_bytes(damage(reader.files[reader.target], rng))
        try:
            reader.read(str(folder))
            tally.read += 1
        except Exception as error:
            if is_named(error, str(folder)):
                tally.named += 1
            else:
                kind = type(error).__name__
                tally.unnamed[kind] += 1
                tally.examples.setdefault(kind, f'mutation {i}: {str(error)[:300]}')
    return tally


def is_named(error: Exception, folder: str) -> bool:
    """Whether an error is one that the tools tell in a line, and which names a file in the folder."""
    of_system = isinstance(error, OSError) and error.filename is not None
    return (of_system or type(error) in (ValueError, FileNotFoundError)) and folder in str(error)


def main(argv: list[str] | None = None) -> int:
    """Run all readers and print what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--number', type=int, default=10000, help='mutations for each reader (%(default)s)')
    parser.add_argument(
        '--seed', type=int, default=0, help='another seed damages in other ways (%(default)s)'
    )
    parser.add_argument('--only', default='', help='part of the names of readers')
    args = parser.parse_args(argv)
    quiet()
    unnamed = 0
    print(f'{"reader":32} mutations     read    named  unnamed  seconds')
    for reader in readers():
        if args.only not in reader.name:
            continue
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            tally = fuzz(reader, args.number, args.seed, Path(folder))
        wrong = tally.unnamed.total()
        seconds = time.perf_counter() - started
        print(
            f'{reader.name:32} {args.number:9} {tally.read:8} {tally.named:8} {wrong:8} {seconds:8.0f}',
            flush=True,
        )
        for kind, example in tally.examples.items():
            print(f'    {tally.unnamed[kind]} x {kind}, {example}')
        unnamed += wrong
    print(f'{unnamed} unnamed errors')
    return 1 if unnamed else 0


def quiet() -> None:
    """Leave out warnings of data sets and decoders; spare MMEngine's full collections of what stays anyway."""
    MMLogger.get_current_instance().setLevel(logging.CRITICAL)
    os.environ['OPENCV_LOG_LEVEL'] = 'SILENT'
    cv2.setLogLevel(0)
    gc.collect()
    gc.freeze()


if __name__ == '__main__':
    sys.exit(main())

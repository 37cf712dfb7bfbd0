"""Predictions as a CSV, JSON or Parquet file; the records come one at a time and are not kept."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from mmlongtail.files import written_whole

COLUMNS = ('path', 'names', 'scores', 'groups', 'indices')
LISTED = ';'  # between several labels in a cell
ROWS = 10_000  # of a row group


def check_format(path: str | Path) -> None:
    """Find out before the work whether a file of this name can be written.

    Raises:
        ValueError: If its ending is unknown, or a package is missing for it.
    """
    suffix = Path(path).suffix
    if suffix not in WRITERS:
        raise ValueError(f'--out {path}: a name that ends in {", ".join(WRITERS)} is expected')
    if suffix == '.parquet':
        try:
            import_module('pyarrow.parquet')
        except ImportError as error:  # missing, or for another NumPy
            raise ValueError(
                f'--out {path} needs pyarrow ({error}): pip install pyarrow, or name a .csv or .json file'
            ) from error


def write_predictions(path: str | Path, records: Iterable[dict], classes: Sequence[str] = ()) -> None:
    """Write records of ``COLUMNS``, and with ``classes`` their ``all_scores``, whole or not at all."""
    with written_whole(path) as file:
        WRITERS[Path(path).suffix](file, records, classes)


def write_csv(file: BinaryIO, records: Iterable[dict], classes: Sequence[str]) -> None:
    """A row per image; several labels stand in one cell, the score of each class in a column of its own."""
    text = io.TextIOWrapper(file, encoding='utf-8', newline='', write_through=True)
    rows = csv.writer(text, lineterminator='\n')
    rows.writerow([*COLUMNS, *(f'score of {name}' for name in classes)])
    for record in records:
        cells = [LISTED.join(map(cell, record[column])) for column in COLUMNS[1:]]
        rows.writerow([record['path'], *cells, *record.get('all_scores', ())])
    text.detach()  # the file is its owner's to close


def cell(value: str | float | None) -> str:
    """One of several values in a cell; nothing for a group that is unknown."""
    return '' if value is None else str(value)


def write_json(file: BinaryIO, records: Iterable[dict], classes: Sequence[str]) -> None:
    """A list of objects, one a line."""
    start = b'['
    for record in records:
        file.write(start + b'\n' + json.dumps(record, ensure_ascii=False).encode())
        start = b','
    file.write(b'\n]\n' if start == b',' else b'[]\n')


def write_parquet(file: BinaryIO, records: Iterable[dict], classes: Sequence[str]) -> None:
    """A row per image; several labels are a list."""
    import pyarrow
    from pyarrow import parquet

    text, number = pyarrow.list_(pyarrow.string()), pyarrow.list_(pyarrow.float32())
    kinds = dict(
        path=pyarrow.string(), names=text, scores=number, groups=text, indices=pyarrow.list_(pyarrow.int32())
    )
    schema = pyarrow.schema(kinds | (dict(all_scores=number) if classes else {}))
    records = iter(records)
    with parquet.ParquetWriter(file, schema) as writer:
        while chunk := list(islice(records, ROWS)):
            writer.write_table(pyarrow.Table.from_pylist(chunk, schema=schema))


WRITERS = {'.csv': write_csv, '.json': write_json, '.parquet': write_parquet}

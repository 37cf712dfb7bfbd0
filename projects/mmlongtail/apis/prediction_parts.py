"""What a long prediction has done so far, in files from which an interrupted run goes on."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from mmlongtail.files import PART, written_whole

RUN = 'run.json'
ENDING = '.jsonl'


class PredictionParts:
    """Records in the order of the images, written in parts of a size that fits into memory.

    Each part is a file of JSON lines that is there whole or not at all; its name has the numbers of its first record
    and of the one after its last.

    Args:
        folder: Where the parts lie until the run is done.
        run: What makes two runs the same: checkpoint, images, options; plain numbers and text.
        restart: Begin anew whatever is there.
        at_most: Records of a part.
        seconds: After so long a part is written though it is smaller.

    Raises:
        ValueError: If the parts that are there are of another run, or one is missing.
    """

    def __init__(
        self, folder: Path, run: Mapping, restart: bool = False, at_most: int = 2000, seconds: float = 60
    ) -> None:
        self.folder, self.at_most, self.seconds = folder, at_most, seconds
        if restart and folder.is_dir():
            self.remove()
        folder.mkdir(parents=True, exist_ok=True)
        self._check_run(dict(run))
        self.done = self._count()
        self._waiting: list[str] = []
        self._written = time.monotonic()

    def _check_run(self, run: dict) -> None:
        path = self.folder / RUN
        if not path.is_file():
            with written_whole(path) as file:
                file.write(json.dumps(run, indent=1).encode())
            return
        try:
            before = dict(json.loads(path.read_bytes()))
        except (ValueError, TypeError) as error:
            raise ValueError(f'{path} is damaged: {error}; --restart begins anew') from error
        if other := [key for key in run if before.get(key) != run[key]]:
            key = other[0]
            raise ValueError(
                f'{self.folder} has parts of another run, with {key}={before.get(key)!r} and not {run[key]!r}: '
                'repeat that one, or --restart begins anew'
            )

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob(f'*{ENDING}'))

    def _count(self) -> int:
        done = 0
        for path in self._files():
            first, _, end = path.stem.partition('-')
            if not (first.isdigit() and end.isdigit() and int(first) == done < int(end)):
                raise ValueError(
                    f'{path}: a part that begins with record {done} is expected; --restart begins anew'
                )
            done = int(end)
        return done

    def append(self, record: Mapping) -> None:
        """Take a record; write the part if it is large or late enough."""
        self._waiting.append(json.dumps(record))
        if len(self._waiting) >= self.at_most or time.monotonic() - self._written >= self.seconds:
            self.flush()

    def flush(self) -> None:
        """Write what waits as a part."""
        if self._waiting:
            end = self.done + len(self._waiting)
            with written_whole(self.folder / f'{self.done:012d}-{end:012d}{ENDING}') as file:
                file.writelines(f'{line}\n'.encode() for line in self._waiting)
            self.done, self._waiting = end, []
        self._written = time.monotonic()

    def __iter__(self) -> Iterator[dict]:
        """All records that are written, one at a time."""
        for path in self._files():
            with path.open('rb') as lines:
                yield from map(json.loads, lines)

    def remove(self) -> None:
        """Delete the parts, and the folder if nothing else is in it."""
        for path in [*self._files(), *self.folder.glob(f'*{PART}'), self.folder / RUN]:
            path.unlink(missing_ok=True)
        if not os.listdir(self.folder):
            shutil.rmtree(self.folder)

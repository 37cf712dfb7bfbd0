"""Files that are written whole or not at all, and that are found out where they are damaged."""

from __future__ import annotations

import errno
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PART = '.part'  # ends the names of files that are being written
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
MSDOS_DIRECTORY = 0x10


class DamagedFileError(OSError):
    """A file that is cut off or whose content is not what was written."""


class DiskFullError(OSError):
    """A file that does not fit on its disk, into its quota or under the limit of file sizes."""


@contextmanager
def written_whole(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """Open a file to write that gets its name when all of it is on the disk; until then the old one stays.

    Raises:
        DiskFullError: If it does not fit; nothing of it is left then.
    """
    path = Path(path)
    part = path.with_name(path.name + PART)
    with disk_full_named(path):
        with open(part, 'wb') as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
        _sync_folder(path.parent)


@contextmanager
def disk_full_named(path: Path) -> Iterator[None]:
    """Where writing fails, remove what there is of the part beside ``path``; say so where it does not fit.

    Raises:
        DiskFullError: If it does not fit.
    """
    try:
        yield
    except BaseException as error:
        remove(path.with_name(path.name + PART))
        if isinstance(error, OSError) and error.errno in NO_SPACE:
            raise DiskFullError(error.errno, f'{error.strerror}: not written', str(path)) from error
        raise


def give_name(part: Path, path: Path) -> None:
    """Give a file or folder that is all written its name, in the place of what had it."""
    for file in [part] if part.is_file() else sorted(part.rglob('*')):
        if file.is_file():
            with open(file, 'rb') as written:
                os.fsync(written.fileno())
    if path.is_dir():
        remove(path)
    os.replace(part, path)
    _sync_folder(path.parent)


def remove(path: Path) -> None:
    """Delete a file, or a folder with all that is in it, if there is one."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Let the new name survive a power cut, where the system can say so."""
    if hasattr(os, 'O_DIRECTORY'):
        descriptor = os.open(folder, os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        except OSError:  # some network file systems refuse it for folders
            pass
        finally:
            os.close(descriptor)


def check_archive(path: str | os.PathLike) -> None:
    """Compare every part of a file of ``torch.save`` with the checksum that torch writes and does not read.

    Takes half as long as reading the checkpoint. Files of torch's old format, which has no checksums, pass.

    Raises:
        DamagedFileError: If the file is empty, cut off or changed, with its name and what is wrong.
    """
    with open(path, 'rb') as file:
        beginning = file.read(2)
    if not beginning:
        raise DamagedFileError(f'{path} is empty')
    try:
        problem = _archive_problem(path) if zipfile.is_zipfile(path) or beginning == b'PK' else None
    except Exception as error:  # zipfile raises a dozen kinds for what a flipped bit can do
        problem = f'is damaged: {error}'
    if problem:
        raise DamagedFileError(f'{path} {problem}')


def _archive_problem(path: str | os.PathLike) -> str | None:
    if not zipfile.is_zipfile(path):
        return 'is cut off: it has no end'
    with zipfile.ZipFile(path) as archive:
        # torch would give a part with this mark some other content
        marked = [part.filename for part in archive.filelist if part.external_attr & MSDOS_DIRECTORY]
        changed = marked[0] if marked else archive.testzip()
    return changed and f'is damaged: {changed} in it has not the checksum it was written with'

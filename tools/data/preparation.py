"""Laying out a data set from its official archives, from unpacked folders or by download."""

import argparse
import contextlib
import errno
import shutil
import sys
import tarfile
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import IO

from mmlongtail.datasets.text_file import read_lines

TIMEOUT = 60  # seconds without an answer
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Part:
    """A folder of a data set and the official archive that holds it.

    Args:
        folder: Name of the folder, the same in the archive and in the prepared data.
        url: Address of the archive.
    """

    folder: str
    url: str


def make_parser(description: str, folders: str, out: str, size: str) -> argparse.ArgumentParser:
    """The options of the tools that prepare a set.

    Args:
        description: What the tool says of itself.
        folders: What an unpacked folder has in it.
        out: The folder that is made unless another one is named.
        size: Of all archives together.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add('sources', nargs='*', help=f'official archives, or a folder {folders}')
    add('--out', type=Path, default=Path(out), help='folder to make (%(default)s)')
    add('--ids', help='training list of DistributionBalancedLoss or LMPT (downloaded by default)')
    add('--download', action='store_true', help=f'fetch the archives that are not given ({size})')
    return parser


def prepare_parts(
    parts: Sequence[Part],
    sources: Sequence[str],
    out: Path,
    wanted: Callable[[PurePosixPath], bool],
    download: bool = False,
) -> None:
    """Put every part under ``out``: unpacked from an archive, or linked to where it lies unpacked.

    Args:
        parts: The parts that are needed.
        sources: Archives (tar or zip) and folders that hold some of them.
        out: Folder that is made or completed.
        wanted: Whether a file, named relative to ``out``, is unpacked.
        download: Whether archives of parts that no source holds are fetched.

    Raises:
        FileNotFoundError: If a source does not exist, or a part is in none of them.
        ValueError: If a source is not an archive or holds no part.
    """
    out.mkdir(parents=True, exist_ok=True)
    folders = [part.folder for part in parts]
    for source in map(Path, sources):
        number = link(source, out, folders) if source.is_dir() else unpack(source, out, folders, wanted)
        if not number:
            raise ValueError(f'{source} holds none of {folders}')
    missing = [part for part in parts if not (out / part.folder).exists()]
    if missing and not download:
        raise FileNotFoundError(
            f'{out} lacks {", ".join(part.folder for part in missing)}: give the archives or unpacked folders, '
            f'or fetch {" ".join(part.url for part in missing)} by --download'
        )
    for part in parts if download else ():
        archive = out / 'archives' / part.url.rsplit('/', 1)[1]
        if part in missing and not archive.exists():
            fetch(part.url, archive)
        if archive.exists():  # also after an unpacking that was interrupted
            unpack(archive, out, folders, wanted)


def link(source: Path, out: Path, folders: Sequence[str]) -> int:
    """Link the folders found in ``source`` into ``out``; return how many there are."""
    found = [source / folder for folder in folders if (source / folder).is_dir()]
    for folder in found:
        if not (out / folder.name).exists():
            (out / folder.name).symlink_to(folder.resolve(), target_is_directory=True)
    return len(found)


def unpack(archive: Path, out: Path, folders: Sequence[str], wanted: Callable[[PurePosixPath], bool]) -> int:
    """Unpack the wanted files of an archive that lie in one of ``folders``; complete files are kept.

    Returns:
        How many there are.

    Raises:
        FileNotFoundError: If the archive does not exist.
        ValueError: If it is no archive or a damaged one.
        OSError: If a file cannot be written.
    """
    number, contents = 0, members(archive)
    try:
        for name, size, read in contents:
            inner = _inner_path(name, folders)
            if inner is None or not wanted(inner):
                continue
            number += 1
            write_unless_complete(out / inner, size, read)
    except Exception as error:  # a flipped bit in an archive raises a dozen kinds
        if isinstance(error, OSError) and (error.filename is not None or error.errno in NO_SPACE):
            raise OSError(error.errno, error.strerror, error.filename or str(out)) from error
        raise ValueError(f'{archive} is damaged or of a kind that is not read: {error}') from error
    return number


def _inner_path(name: str, folders: Sequence[str]) -> PurePosixPath | None:
    """The name of an archive's member from the first of ``folders`` in it on; None where it may not be unpacked."""
    parts = PurePosixPath(name).parts
    start = next((i for i, part in enumerate(parts) if part in folders), None)
    return None if start is None or '..' in parts else PurePosixPath(*parts[start:])


def write_unless_complete(path: Path, size: int, read: Callable[[], IO[bytes]]) -> None:
    """Write a member of an archive to its file unless there is one of its size."""
    if path.exists() and path.stat().st_size == size:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with read() as source, path.open('wb') as target:
        shutil.copyfileobj(source, target)


def members(archive: Path) -> Iterator[tuple[str, int, Callable[[], IO[bytes]]]]:
    """Yield (name, size in bytes, how to open it) of every file in a tar or zip archive.

    Raises:
        FileNotFoundError: If it is missing, at once.
        ValueError: If it is no archive, at once.
    """
    if not archive.exists():
        raise FileNotFoundError(
            f'{archive} does not exist: an official archive or an unpacked folder is expected'
        )
    for is_kind, members_of in ((zipfile.is_zipfile, _members_of_zip), (tarfile.is_tarfile, _members_of_tar)):
        with contextlib.suppress(zlib.error, EOFError, ValueError):  # what a damaged one raises
            if is_kind(archive):
                return members_of(archive)
    raise ValueError(f'{archive} is neither a tar nor a zip archive, or it is incomplete')


def _members_of_zip(archive: Path) -> Iterator[tuple[str, int, Callable[[], IO[bytes]]]]:
    with zipfile.ZipFile(archive) as file:
        for info in file.infolist():
            if not info.is_dir():
                yield info.filename, info.file_size, lambda info=info: file.open(info)


def _members_of_tar(archive: Path) -> Iterator[tuple[str, int, Callable[[], IO[bytes]]]]:
    with tarfile.open(archive) as file:
        for member in file:
            if member.isfile():
                yield member.name, member.size, lambda member=member: file.extractfile(member)


def fetch(url: str, path: Path) -> None:
    """Download a file; what is at ``path`` is always complete.

    Raises:
        ConnectionError: If it cannot be had.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + '.part')
    print(f'fetching {url}', file=sys.stderr)
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as source, part.open('wb') as target:
            shutil.copyfileobj(source, target)
            expected = source.headers.get('Content-Length')
    except (OSError, HTTPException, ValueError) as error:
        if isinstance(error, OSError) and error.errno in NO_SPACE:
            raise OSError(error.errno, error.strerror, str(part)) from error
        raise ConnectionError(f'{url} cannot be fetched: {error}') from error
    if expected is not None and part.stat().st_size != int(expected):
        raise ConnectionError(
            f'{url}: {part.stat().st_size} of {expected} bytes came, then the connection ended'
        )
    part.replace(path)


def image_ids(path: Path) -> list[str]:
    """Return the image ids of a list, in its order.

    Read are lists of ids (``img_id.txt`` and ``img_id.pkl`` of DistributionBalancedLoss are text, one id a line) and
    label lists (LMPT: ``folder/id.jpg label …`` a line); labels are not used, they come from the annotations.

    Raises:
        FileNotFoundError: If it is missing.
        ValueError: If it is not text, is empty or has an id twice.
    """
    ids = [
        Path(words[0]).stem
        for _, line in read_lines(str(path), 'a list of image ids')
        if (words := line.replace(',', ' ').split())
    ]
    if not ids or len(set(ids)) < len(ids):
        raise ValueError(
            f'{path}: {len(ids)} ids, {len(set(ids))} of them different: one different id a line is expected'
        )
    return ids


def obtain_ids(given: str | None, url: str, path: Path) -> list[str]:
    """Return the ids of a training split from a given list, else from an earlier run's, else downloaded.

    Args:
        given: The list that the user names, or None.
        url: Where the published list is.
        path: Where an earlier run wrote its list.

    Raises:
        ConnectionError: If it has to be downloaded and cannot.
    """
    if given is not None or path.exists():
        return image_ids(Path(given or path))
    raw = path.parent / 'archives' / url.rsplit('/', 1)[1]
    try:
        fetch(url, raw)
    except ConnectionError as error:
        raise ConnectionError(f'{error}. Get it another way and name it with --ids') from error
    return image_ids(raw)

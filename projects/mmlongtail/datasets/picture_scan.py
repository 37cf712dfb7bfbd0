"""A look at every image before a training: which cannot be used, and why; what was found is kept for the next run."""

import json
import logging
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
from mmengine.logging import print_log

from .picture_file import MAX_PIXELS, picture_fault
from .text_file import some_of
from .wrappers.base import unwrap

AT_ONCE = 64  # images that a thread takes

Mark = tuple[int, int]  # size in bytes, time of change in ns


def check_pictures(dataset, cache: str | Path | None = None, workers: int | None = None) -> int:
    """Make sure that every image of a data set decodes, before a training needs it.

    Args:
        dataset: Any data set, in any wrappers; one without image files passes.
        cache: File that keeps what was found, so that only new and changed images are decoded the next time;
            several data sets may share it. None decodes all of them.
        workers: Threads; None takes as many as Python's thread pools have.

    Returns:
        How many images it has.

    Raises:
        ValueError: If images are missing, do not decode or have more pixels than the data set's ``max_pixels``
            (:data:`MAX_PIXELS` where it has none); they are named with the reason.
    """
    limits = (inner.max_pixels for inner in unwrap(dataset) if hasattr(inner, 'max_pixels'))
    paths = picture_paths(dataset)
    faults = scan_pictures(paths, cache, next(limits, MAX_PIXELS), workers)
    if faults:
        named = some_of([f'{path} {fault}' for path, fault in faults.items()])
        raise ValueError(
            f'{len(faults)} of {len(paths)} images cannot be used: {named}. Replace them, or leave them out by '
            "broken_images='skip'"
        )
    return len(paths)


def picture_paths(dataset) -> list[str]:
    """The image files of a data set in any wrappers, each once; none where it has no or needs no ``img_path``."""
    if getattr(dataset, 'is_decoded', False):
        return []
    if hasattr(dataset, 'datasets'):
        return list(dict.fromkeys(path for part in dataset.datasets for path in picture_paths(part)))
    if hasattr(dataset, 'dataset') and getattr(dataset, 'indices', None) is None:  # a wrapper of the whole
        return picture_paths(dataset.dataset)
    if not hasattr(dataset, 'get_data_info'):
        return []
    dataset.full_init()
    infos = (dataset.get_data_info(i) for i in range(len(dataset)))
    return list(dict.fromkeys(info['img_path'] for info in infos if 'img_path' in info))


def scan_pictures(
    paths: Sequence[str],
    cache: str | Path | None = None,
    max_pixels: int | None = MAX_PIXELS,
    workers: int | None = None,
) -> dict[str, str]:
    """Find the images that cannot be used.

    Args:
        paths: Image files.
        cache: File that keeps what was found, by path, size and time of change; it is made, read and completed. One
            that is damaged or of another decoder or limit is as good as none, one that cannot be written a warning.
        max_pixels: As in :func:`picture_fault`.
        workers: Threads; None takes as many as Python's thread pools have.

    Returns:
        What is wrong, by path, in the order of ``paths``; empty where all is well.
    """
    reader = f'OpenCV {cv2.__version__}, at most {max_pixels} pixels'
    known = _read_cache(cache, reader)
    keys = [os.path.abspath(path) for path in paths]
    with ThreadPoolExecutor(workers) as pool:
        marks = dict(zip(keys, _map(pool, _mark, keys)))
        new = [key for key, mark in marks.items() if mark is not None and known.get(key, [0])[0] != mark]
        if cache is not None and new:
            others = f' of {len(paths)}, the others are known to {cache}' if len(new) < len(paths) else ''
            print_log(f'decoding {len(new)} images{others}', 'current')
        found = _map(pool, lambda key: picture_fault(key, max_pixels), new)
    known.update((key, (marks[key], fault)) for key, fault in zip(new, found))
    if cache is not None and new:
        _write_cache(Path(cache), reader, known)
    faults = {path: 'is missing' if marks[key] is None else known[key][1] for path, key in zip(paths, keys)}
    return {path: fault for path, fault in faults.items() if fault}


def _map(pool: ThreadPoolExecutor, function: Callable, items: Sequence) -> list:
    """Apply a function to many items: a thread takes a number of them at once."""
    chunks = [items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE)]
    return [
        result for results in pool.map(lambda chunk: list(map(function, chunk)), chunks) for result in results
    ]


def _mark(path: str) -> Mark | None:
    """Size and time of change of a file; None where there is none."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns


def _read_cache(cache: str | Path | None, reader: str) -> dict[str, tuple[Mark, str | None]]:
    if cache is None or not os.path.exists(cache):
        return {}
    try:
        content = json.loads(Path(cache).read_text(encoding='utf-8'))
        if content['reader'] != reader:
            return {}
        return {
            path: ((int(size), int(time)), None if fault is None else str(fault))
            for path, (size, time, fault) in content['pictures'].items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        print_log(f'{cache} is not read, all images are decoded: {error!r}', 'current', logging.WARNING)
        return {}


def _write_cache(cache: Path, reader: str, known: dict[str, tuple[Mark, str | None]]) -> None:
    pictures = {path: (*mark, fault) for path, (mark, fault) in known.items()}
    part = cache.with_name(f'{cache.name}.{os.getpid()}.part')
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(dict(reader=reader, pictures=pictures)), encoding='utf-8')
        os.replace(part, cache)
    except OSError as error:
        print_log(f'{cache} is not written, the next run decodes again: {error}', 'current', logging.WARNING)

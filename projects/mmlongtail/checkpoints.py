"""Which checkpoint a run goes on from."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import torch
from mmengine.logging import print_log
from mmengine.runner import CheckpointLoader

from .files import DamagedFileError, written_whole

POINTER = 'last_checkpoint'  # MMEngine's name
INTERRUPTED = 'interrupted.pth'  # what a signal leaves
BEST = 'best_'  # MMEngine's mark of files without the optimizer's state


def write_pointer(work_dir: str | os.PathLike, checkpoint: str | os.PathLike) -> None:
    """Note the last checkpoint of a work dir, as seen from there: the folder may be moved."""
    with written_whole(Path(work_dir) / POINTER) as file:
        file.write(os.path.relpath(checkpoint, work_dir).encode())


def newest_checkpoint(work_dir: str | os.PathLike) -> str | None:
    """The checkpoint with the most iterations of those in a work dir that load; None where there are none.

    Which one ``last_checkpoint`` names does not matter; only where the work dir itself has none, it says where they
    are. What is passed over on the way is logged with the reason.

    Raises:
        DamagedFileError: If there are checkpoints and none of them loads.
    """
    paths = _candidates(Path(work_dir))
    problems = {}
    for path in sorted(paths, key=lambda path: _iterations(path, problems), reverse=True):
        if path not in problems and (problem := _problem(path)):
            problems[path] = problem
        if path not in problems:
            _log_skipped(problems)
            return str(path)
    if problems:
        reasons = '; '.join(f'{path.name}: {problem}' for path, problem in problems.items())
        raise DamagedFileError(
            f'no checkpoint in {work_dir} loads ({reasons}): remove them to start from scratch'
        )
    return None


def _candidates(work_dir: Path) -> list[Path]:
    def inside(folder: Path) -> list[Path]:
        return [path for path in sorted(folder.glob('*.pth')) if not path.name.startswith(BEST)]

    found, pointer = inside(work_dir), work_dir / POINTER
    if found or not pointer.is_file() or not (noted := pointer.read_text().strip()):
        return found
    return inside((work_dir / noted).parent)  # CheckpointHook's out_dir


def _iterations(path: Path, problems: dict[Path, str]) -> tuple[int, int]:
    """Iterations and epochs done; where nobody knows, none, and a problem is noted."""
    try:
        try:  # the weights are not read in this way
            content = torch.load(path, map_location='cpu', mmap=True, weights_only=True)
        except Exception:  # what is wrong, if anything is, the real loader knows better
            content = _load(path)
    except Exception as error:
        problems[path] = _in_one_line(error, path)
        return 0, 0
    meta = content.get('meta') if isinstance(content, dict) else None
    meta = meta if isinstance(meta, dict) else {}
    if not {'iter', 'epoch'} <= meta.keys():
        problems[path] = 'it does not say how far the run was'
    return meta.get('iter', 0), meta.get('epoch', 0)


def _load(path: Path) -> dict:
    return CheckpointLoader.load_checkpoint(str(path), map_location='cpu', logger='silent')


def _problem(path: Path) -> str | None:
    """Why a checkpoint does not load, in one line."""
    try:
        _load(path)
    except Exception as error:  # any: it is told, and the next one is tried
        return _in_one_line(error, path)
    return None


def _in_one_line(error: Exception, path: Path) -> str:
    words = str(error).strip() or type(error).__name__
    return words.splitlines()[0].removeprefix(f'{path} ')


def _log_skipped(problems: dict[Path, str]) -> None:
    for path, problem in problems.items():
        print_log(f'{path} is passed over: {problem}', logger='current', level=logging.WARNING)

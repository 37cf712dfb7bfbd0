"""Checkpoints are data: whatever door one comes in by, nothing in it is run.

Defects of the host: MMEngine leaves ``weights_only`` to torch's default for files, and its downloads go unsafely
through torch.hub; it runs the config that a checkpoint carries as Python, in ``Runner.resume`` and
``mmengine.infer.BaseInferencer``. So what any of MMEngine's schemes loads, also one registered later, goes through
:func:`read_safely` here, and so do the files that this package reads by itself.
"""

import functools
import os
import pickle
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from logging import WARNING
from pathlib import Path
from urllib.error import URLError

import numpy as np
import torch
from mmengine.logging import HistoryBuffer, print_log
from mmengine.runner import CheckpointLoader, runner
from torch.serialization import add_safe_globals

from .checkpoints import newest_checkpoint
from .files import check_archive
from .plain_config import check_config_text
from .tensor_file import SUFFIX, read_tensors

HISTORY_STATISTICS = ('min', 'max', 'mean', 'current')
CONFIG_TEXTS = (('meta', 'config'), ('meta', 'cfg'), ('message_hub', 'runtime_info', 'cfg'))
SAFE, UNSAFE = 'TORCH_FORCE_WEIGHTS_ONLY_LOAD', 'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'
_ONE_AT_A_TIME = threading.RLock()  # the two variables belong to the whole process


def _history_statistic(owner: type, name: str):
    """Stand in for ``getattr`` inside checkpoints, where it only ever fetches HistoryBuffer's statistics methods."""
    if owner is HistoryBuffer and name in HISTORY_STATISTICS:
        return getattr(HistoryBuffer, name)
    raise pickle.UnpicklingError(
        f'the checkpoint asks for {owner!r}.{name}, which none of MMEngine needs: not loaded'
    )


def allow_checkpoint_contents() -> None:
    """Let MMEngine's own checkpoints load under ``torch.load(weights_only=True)``, the default since torch 2.6.

    Defect: MMEngine stores its message hub (HistoryBuffer, NumPy numbers) in each full checkpoint, so resuming fails
    with ``Weights only load failed``. Safe loading stays on: only these classes are allowed, under NumPy 1's and
    NumPy 2's names alike, and ``getattr`` becomes a function that serves HistoryBuffer's statistics methods only.
    """
    rebuild_array = np.zeros(1).__reduce__()[0]
    rebuild_scalar = np.float64(0).__reduce__()[0]
    names = ('bool', 'float16', 'float32', 'float64', 'int8', 'int16', 'int32', 'int64', 'uint8')
    add_safe_globals([HistoryBuffer, np.ndarray, np.dtype, *(type(np.dtype(name)) for name in names)])
    add_safe_globals([(_history_statistic, 'builtins.getattr')])
    for module in ('numpy.core.multiarray', 'numpy._core.multiarray'):
        add_safe_globals([(rebuild_array, f'{module}._reconstruct'), (rebuild_scalar, f'{module}.scalar')])


@contextmanager
def only_weights() -> Iterator[None]:
    """Make every ``torch.load`` a safe one, also where its caller asks for an unsafe one."""
    with _ONE_AT_A_TIME:
        before = {name: os.environ.pop(name, None) for name in (SAFE, UNSAFE)}
        os.environ[SAFE] = '1'
        try:
            yield
        finally:
            del os.environ[SAFE]
            os.environ.update({name: value for name, value in before.items() if value is not None})


def read_safely(filename: str | Path, load: Callable[[], dict]) -> dict:
    """What ``load`` reads, with nothing in it that could be run.

    Args:
        filename: Where the checkpoint is, for messages.
        load: Reads it, by any number of ``torch.load``.

    Raises:
        pickle.UnpicklingError: If it contains what no checkpoint of MMEngine needs.
    """
    with only_weights():
        allow_checkpoint_contents()  # onedl-mmengine takes them away after each of its own loads
        try:
            checkpoint = load()
        except pickle.UnpicklingError as error:
            raise pickle.UnpicklingError(f'{filename} is not loaded: {_reason(error)}') from error
    remove_config_code(checkpoint, filename)
    return checkpoint


def _reason(error: pickle.UnpicklingError) -> str:
    """The point of torch's page-long message, which advises to load unsafely."""
    asked = re.search(r'GLOBAL (\S+)', str(error))
    if asked:
        return f'it asks for {asked[1]}, which none of MMEngine needs'
    if 'Unsupported operand' in str(error) or 'invalid load key' in str(error):
        return 'it is no checkpoint, or damaged'
    return str(error).partition('WeightsUnpickler error: ')[2].strip().partition('\n')[0] or str(error)


def remove_config_code(checkpoint: dict, filename: str | Path) -> None:
    """Delete, with a warning, each config text of a checkpoint that is more than data, in place."""
    for *path, last in CONFIG_TEXTS:
        place = checkpoint
        for key in path:
            place = place.get(key) if isinstance(place, dict) else None
        if not isinstance(place, dict) or last not in place:
            continue
        try:
            check_config_text(place[last])
        except ValueError as error:
            del place[last]
            name = '.'.join([*path, last])
            print_log(f'{filename}: its {name} is left out, as {error}', 'current', WARNING)


@contextmanager
def internet_needed(filename: str) -> Iterator[None]:
    """Say, where weights cannot be fetched, what to do without them.

    Raises:
        ConnectionError: Instead of what the system or the server says.
    """
    try:
        yield
    except (URLError, ConnectionError, TimeoutError) as error:
        raise ConnectionError(
            f'{filename} cannot be fetched ({error}): name a file of these weights instead, such as --cfg-options '
            'model.backbone.init_cfg.checkpoint=FILE or load_from=FILE, or start from random weights with '
            'model.backbone.init_cfg=None'
        ) from error


def load_from_local(filename: str | Path, map_location=None, mmap: bool | None = None) -> dict:
    """Read a file; :func:`load_local_checkpoint` is the safe door to it.

    Defects: ``onedl-mmengine`` allows the real ``getattr`` here and, where safe loading fails, loads unsafely. torch
    does not compare the checksums in its files: five of six flipped bits pass.

    Raises:
        FileNotFoundError: If there is no such file.
        DamagedFileError: If it is cut off or not what was written.
    """
    path = os.path.expanduser(filename)
    if not os.path.isfile(path):
        raise FileNotFoundError(f'{filename} can not be found.')
    if path.endswith(SUFFIX):
        return read_tensors(path)[0]
    check_archive(path)
    return torch.load(path, map_location=map_location, weights_only=True, mmap=mmap)


def load_local_checkpoint(filename: str | Path, map_location=None, mmap: bool | None = None) -> dict:
    """Read a checkpoint file safely, whatever torch's default and the host's ways are.

    Args:
        filename: The file.
        map_location: As for ``torch.load``.
        mmap: Whether tensors are read only when they are used, as for ``torch.load``.

    Raises:
        FileNotFoundError: If there is no such file.
        DamagedFileError: If it is cut off or not what was written.
        pickle.UnpicklingError: If it contains what no checkpoint of MMEngine needs.
    """
    return read_safely(filename, lambda: load_from_local(filename, map_location, mmap))


def use_safe_loader() -> None:
    """Make MMEngine read the checkpoints of all its schemes by :func:`read_safely`."""
    CheckpointLoader.register_scheme('', load_from_local, force=True)
    by_scheme = CheckpointLoader.load_checkpoint

    @functools.wraps(by_scheme)
    def load_checkpoint(filename, map_location=None, logger='current'):
        with internet_needed(filename):
            return read_safely(filename, lambda: by_scheme(filename, map_location, logger))

    CheckpointLoader.load_checkpoint = staticmethod(load_checkpoint)


def resume_from_what_loads() -> None:
    """Let a Runner with ``resume=True`` take the newest checkpoint of its work dir that loads.

    Defect: MMEngine takes what ``last_checkpoint`` names, loadable or not, by the path that the folder once had.
    """
    runner.find_latest_checkpoint = newest_checkpoint


allow_checkpoint_contents()
use_safe_loader()
resume_from_what_loads()

"""What ``tools/train.py`` and ``tools/test.py`` share: their options, the config they make of them, the Runner."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from zipfile import BadZipFile

import torch
from mmengine.config import Config, ConfigDict, DictAction
from mmengine.device import get_device
from mmengine.registry import RUNNERS
from mmengine.runner import Runner
from torch import distributed as dist

from mmlongtail.apis import config_keys
from mmlongtail.checkpoints import newest_checkpoint
from mmlongtail.compat import init_cpu_distributed, leave_cpu_distributed
from mmlongtail.engine.quiet_runner import QuietRunner
from mmlongtail.engine.start_checks import StartError
from mmlongtail.engine.strategy_runner import StrategyRunner, wants_strategy

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def common_parser(description: str) -> argparse.ArgumentParser:
    """The options that MMPretrain's train and test scripts have in common."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('config', help='config file')
    parser.add_argument('--work-dir', help='folder of logs and checkpoints (work_dirs/FOLDER/CONFIG)')
    parser.add_argument('--amp', action='store_true', help='automatic mixed precision (bfloat16 on a CPU)')
    parser.add_argument('--no-pin-memory', action='store_true', help='no pinned memory in data loaders')
    parser.add_argument(
        '--no-persistent-workers', action='store_true', help='end loader processes each epoch'
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='settings to override, as key=value; lists as key="[a,b]" or key=a,b, without white space',
    )
    parser.add_argument(
        '--allow-partial', action='store_true', help='take a checkpoint that does not fill the model'
    )
    parser.add_argument('--launcher', default='none', choices=['none', 'pytorch', 'slurm', 'mpi'])
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)
    return parser


def prepare(args: argparse.Namespace) -> Config:
    """The config with the common options in it.

    Options have the last word over ``--cfg-options``, which have it over the file.

    Raises:
        ValueError: For a key that nobody reads.
    """
    cfg = Config.fromfile(args.config)
    config_keys.check_file(cfg)
    for warning in config_keys.check_options(cfg, args.cfg_options or {}):
        print(f'warning: {warning}', file=sys.stderr)
    if args.cfg_options:
        cfg.merge_from_dict(args.cfg_options)
    cfg.launcher = args.launcher
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    config = Path(args.config).resolve()
    # with the folder: collab/voc_lt.py and pg/voc_lt.py must not share one
    cfg.work_dir = args.work_dir or cfg.get('work_dir') or f'work_dirs/{config.parent.name}/{config.stem}'
    for name in LOADERS:
        if cfg.get(name):
            _complete_loader(cfg[name], args)
    _add_start_check(cfg, args.allow_partial)
    return cfg


def _add_start_check(cfg: Config, allow_partial: bool) -> None:
    """The checks at the start also for configs without this package's base, unless they say None."""
    hooks = cfg.get('default_hooks') or {}
    check = hooks.get('start_check', {})
    if check is not None:
        partial = dict(allow_partial=True) if allow_partial else {}
        cfg.default_hooks = dict(hooks, start_check={'type': 'StartCheckHook', **check, **partial})


def _complete_loader(loader: ConfigDict, args: argparse.Namespace) -> None:
    """The loader settings that depend on the machine, where the config leaves them open."""
    loader.setdefault('collate_fn', dict(type='default_collate'))
    loader.setdefault('pin_memory', torch.cuda.is_available())
    loader.setdefault('persistent_workers', True)
    if args.no_pin_memory:
        loader.pin_memory = False
    if args.no_persistent_workers or not loader.get('num_workers'):
        loader.persistent_workers = False  # torch refuses it without workers


def amp_wrapper_type() -> str:
    """The optimizer wrapper that does mixed precision on this machine's device."""
    return 'AutocastOptimWrapper' if get_device() in ('cpu', 'mps') else 'AmpOptimWrapper'


def run(cfg: Config, action: Callable[[Runner], object]) -> None:
    """Let ``action`` use the Runner of a config, alone or as one of the launcher's processes."""
    with cpu_processes(cfg), errors_told():
        find_resume(cfg)
        action(build_runner(cfg))


def build_runner(cfg: Config) -> Runner | StrategyRunner:
    """The runner that a config asks for by ``strategy`` or ``runner_type``.

    Raises:
        ValueError: If it has keys that its runner does not read.
    """
    if wants_strategy(cfg):
        return StrategyRunner.from_cfg(cfg)
    return RUNNERS.build(cfg) if 'runner_type' in cfg else QuietRunner.from_cfg(cfg)


@contextmanager
def errors_told(*kinds: type[Exception]) -> Iterator[None]:
    """End the program at what is the user's to mend, with the error's message alone.

    What the system refuses (a file that is not there, a full disk, a folder that may not be written), a checkpoint that
    is damaged or more than data, what the checks at the start find and the other ``kinds`` have exit status 2, a loss
    that is not finite has 1.
    """
    told: tuple[type[Exception], ...] = (OSError, UnpicklingError, BadZipFile, FloatingPointError, StartError)
    try:
        yield
    except told + kinds as error:
        print(f'error: {describe(error)}', file=sys.stderr)
        sys.exit(1 if isinstance(error, FloatingPointError) else 2)


def describe(error: Exception) -> str:
    """An error's message, the file first where the system names one."""
    filename, words = getattr(error, 'filename', None), getattr(error, 'strerror', None)
    return f'{filename}: {words}' if filename and words else str(error)


def find_resume(cfg: Config) -> None:
    """Where a config asks to go on (``resume='auto'``, or no ``load_from``), fill in the work dir's newest checkpoint.

    Without any it becomes a run from scratch, or from what ``load_from`` names.

    Raises:
        DamagedFileError: If there are checkpoints and none of them loads.
    """
    if cfg.get('resume') != 'auto' and (not cfg.get('resume') or cfg.get('load_from')):
        return
    newest, start = newest_checkpoint(cfg.work_dir), cfg.get('load_from')
    cfg.resume, cfg.load_from = newest is not None, newest or start
    afresh = f'as at first, from {start}' if start else 'from scratch'
    print(f'going on from {newest}' if newest else f'no checkpoint in {cfg.work_dir}: starting {afresh}')


def check_writable(path: str | Path, is_folder: bool = False) -> None:
    """Find out now whether a file, or files in a folder, can be written; their folder is made.

    Raises:
        OSError: If they cannot, with the path.
    """
    path = Path(path)
    folder = path if is_folder else path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from error
    if not is_folder and path.is_dir():
        raise IsADirectoryError(f'{path}: a file is expected, this is a folder')


@contextmanager
def cpu_processes(cfg: Config) -> Iterator[None]:
    """The process group of a run of several processes on CPUs; of nested ones the outermost makes it and ends it.

    Several runs of one program share a group in this way: a second one would find the first one's addresses.
    """
    nested = dist.is_initialized()
    on_cpus = init_cpu_distributed(cfg)
    try:
        yield
    finally:
        if on_cpus and not nested:
            leave_cpu_distributed()


def parse(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> tuple[argparse.Namespace, Config]:
    """Read the command line and the config that it names; a missing one or a misspelled key is a usage error."""
    args = parser.parse_args(argv)
    if not Path(args.config).is_file():
        parser.error(f'config file not found: {args.config}')
    try:
        return args, prepare(args)
    except ValueError as error:
        parser.error(str(error))


def use_test_folder(cfg: Config) -> None:
    """Put what a test writes into a folder of its own: the work dir's config and log are the training's."""
    cfg.work_dir = str(Path(cfg.work_dir, 'test'))

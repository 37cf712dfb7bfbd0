"""The trainings that are killed: four of the repository's configs on small data, through the tools themselves."""

from __future__ import annotations

import os
import runpy
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.config import Config

from mmlongtail.checkpoints import newest_checkpoint

ROOT = Path(__file__).resolve().parents[2]
CONFIGS, TOOLS = ROOT / 'configs', ROOT / 'tools'
COUNTS = (24, 16, 8, 4, 3, 2, 2, 1, 1, 1)  # pictures of each of ten classes
EPOCHS = 3


@dataclass
class Training:
    """A command that trains, and the work dir in which it ends."""

    name: str
    configs: Sequence[Path]

    @property
    def two_stages(self) -> bool:
        return len(self.configs) > 1

    def arguments(self, folder: Path, resume: bool = False) -> list[str]:
        """Those of the tool; a training of stages goes on by itself."""
        options = ['--resume'] if resume and not self.two_stages else []
        return [*map(str, self.configs), '--work-dir', str(folder), *options]

    def work_dirs(self, folder: Path) -> list[Path]:
        return [folder / config.stem for config in self.configs] if self.two_stages else [folder]

    @property
    def tool(self) -> str:
        return 'train_stages.py' if self.two_stages else 'train.py'


def make_pictures(folder: Path) -> Path:
    """Pictures of noise of ten classes, and their list."""
    folder.mkdir()
    labels = np.repeat(np.arange(10), COUNTS)
    noise = np.random.default_rng(0).integers(0, 256, (len(labels), 32, 32, 3), dtype=np.uint8)
    for i, picture in enumerate(noise):
        cv2.imwrite(str(folder / f'{i}.png'), picture)
    (folder / 'list.csv').write_text(''.join(f'{i}.png,{k}\n' for i, k in enumerate(labels)))
    return folder


def small(cfg: Config) -> Config:
    """Three epochs with a validation after each, a checkpoint every second iteration, and the best one."""
    cfg.train_cfg.update(max_epochs=EPOCHS, val_interval=1)
    cfg.param_scheduler = [
        dict(type='LinearLR', start_factor=0.2, by_epoch=False, end=4),
        dict(type='MultiStepLR', by_epoch=True, milestones=[2], gamma=0.1),
    ]
    cfg.default_hooks.checkpoint.update(by_epoch=False, interval=2, save_best='auto', rule='greater')
    cfg.visualizer.vis_backends = cfg.vis_backends = [dict(type='LocalVisBackend')]
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.batch_size = 16
    return cfg


def two_branch() -> Config:
    cfg = Config.fromfile(CONFIGS / 'demo/collab.py')
    cfg.model.backbone.update(base_channels=4, stem_channels=4)
    cfg.model.head.in_channels = 32
    cfg.train_dataloader.sampler.epoch_length = 48
    cfg.train_dataloader.dataset.dataset.update(max_count=30, min_count=2)
    cfg.val_dataloader.dataset.update(max_count=2, min_count=2)
    return small(cfg)


def single_label(path: str, pictures: Path, workers: int) -> Config:
    cfg = Config.fromfile(CONFIGS / path)
    cfg.model.backbone = dict(type='CifarResNet', depth=20, base_channels=4)
    head = cfg.model.head
    head.get('classifier', head.get('expert', head)).in_channels = 16
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.update(num_workers=workers, persistent_workers=workers > 0)
        holder = loader.dataset if 'dataset' in loader.dataset else loader
        holder.dataset = dict(
            type='SingleLabelListFile',
            data_root=str(pictures),
            ann_file='list.csv',
            classes=[str(k) for k in range(10)],
            pipeline=[dict(type='LoadImageFromFile'), *holder.dataset.pipeline],
        )
    return small(cfg)


def make_trainings(folder: Path) -> list[Training]:
    """Two branches, NCL, one network with workers, and two stages."""
    pictures = make_pictures(folder / 'pictures')
    configs = dict(
        two_branch=two_branch(),
        ncl=single_label('ncl/cifar10_lt_if100.py', pictures, workers=0),
        workers=single_label('gcl/cifar10_lt_if100_stage1.py', pictures, workers=2),
        stage1=single_label('gcl/cifar10_lt_if100_stage1.py', pictures, workers=1),
        stage2=single_label('gcl/cifar10_lt_if100.py', pictures, workers=1),
    )
    paths = {}
    for name, cfg in configs.items():
        paths[name] = folder / f'{name}.py'
        cfg.dump(paths[name])
    return [
        Training('two branches', [paths['two_branch']]),
        Training('NCL', [paths['ncl']]),
        Training('one network, workers', [paths['workers']]),
        Training('two stages', [paths['stage1'], paths['stage2']]),
    ]


def start(
    training: Training,
    folder: Path,
    resume: bool = False,
    before: Callable = lambda: None,
    options: Sequence[str] = (),
    environment: dict | None = None,
    log: Path | None = None,
):
    """Begin a training in a process of its own, a copy of this one: the imports are done.

    Args:
        before: Called in the process before the training.
        environment: More variables for it.
        log: The file for what it says, else the folder's name with ``.log``.
    """
    arguments = [*training.arguments(folder, resume), *options]
    given = (training.tool, arguments, log or f'{folder}.log', before, environment or {})
    process = get_context('fork').Process(target=_train, args=given)
    process.start()
    return process


def _train(tool: str, arguments: list[str], log: Path, before: Callable, environment: dict) -> None:
    os.setsid()  # so that its workers can be killed with it
    file = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.dup2(file, 1), os.dup2(file, 2)
    sys.stdout, sys.stderr = (open(i, 'w', buffering=1, closefd=False) for i in (1, 2))
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    torch.set_num_threads(1)
    sys.path.insert(0, str(TOOLS))
    status = 0
    try:
        before()
        runpy.run_path(str(TOOLS / tool))['main'](arguments)
    except SystemExit as end:
        status = end.code
    except BaseException:
        traceback.print_exc()
        status = 70
    sys.stdout.flush(), sys.stderr.flush()
    os._exit(status or 0)


def finish(process, seconds: float = 120) -> int:
    """Its exit status; a negative one is the signal that killed it."""
    process.join(seconds)
    if process.is_alive():
        os.killpg(process.pid, signal.SIGKILL)
        process.join()
        return 124
    return process.exitcode


def killed_after(process, seconds: float) -> bool:
    """Kill it and its workers after this time, unless it has ended."""
    process.join(seconds)
    if not process.is_alive():
        return False
    os.killpg(process.pid, signal.SIGKILL)
    process.join()
    return True


def wait_for(found: Callable[[], object], process, seconds: float = 60) -> bool:
    """Wait until something is there, while the process lives."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.is_alive():
        if found():
            return True
        time.sleep(0.02)
    return False


def outcome(training: Training, folder: Path) -> dict[str, torch.Tensor]:
    """Every tensor of the last checkpoint of each stage, weights and optimizer; its iterations; the best one."""
    tensors = {}
    for stage, work_dir in enumerate(training.work_dirs(folder), 1):
        checkpoint = torch.load(newest_checkpoint(work_dir))
        tensors[f'stage {stage} iterations'] = checkpoint['meta']['iter']
        best = checkpoint['message_hub']['runtime_info']['best_ckpt']
        tensors[f'stage {stage} best'] = os.path.basename(best), os.path.isfile(best)
        for part in ('state_dict', 'optimizer'):
            _collect(checkpoint[part], f'stage {stage} {part}', tensors)
    return tensors


def _collect(value, name: str, tensors: dict) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _collect(inner, f'{name}.{key}', tensors)
    elif isinstance(value, torch.Tensor):
        tensors[name] = value


def differences(first: dict, second: dict) -> list[str]:
    """Names of what is not the same in two outcomes, bit for bit."""
    names = first.keys() | second.keys()
    return sorted(name for name in names if not _same(first.get(name), second.get(name)))


def _same(first, second) -> bool:
    if isinstance(first, torch.Tensor):
        return isinstance(second, torch.Tensor) and first.equal(second)
    return first == second

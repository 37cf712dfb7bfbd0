"""A training step of the Runner with all its hooks over a bare torch step, and this one over its floor, per method.

    python tools/benchmarks/step_overhead.py                                          # 32 px, batch of 64, CPU
    python tools/benchmarks/step_overhead.py configs/collab/voc_lt.py --size 128 --batch-size 8 --depth 18
    python tools/benchmarks/step_overhead.py configs/collab/voc_lt.py --size 224 --batch-size 64 --device cuda

The Runner's step is what a run does between two batches: hooks, seeds, log, learning rate. The bare one has the same
model and optimizer: preprocessing, loss, backward pass, step. The floor is the forward and backward pass of the model's
modules up to the logits, and the optimizer. The three take turns on the same batches of noise; loading them is outside.
Medians of the rounds' ratios count; seconds are the process's own on a CPU, the clock's on a GPU.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import statistics
import tempfile
import time
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from pathlib import Path

import mmlongtail  # noqa: F401  first: it mends the host packages

# isort: split
import numpy as np
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from mmpretrain.datasets import BaseDataset
from mmpretrain.registry import DATASETS, LOOPS
from torch import Tensor

from mmlongtail.engine.loops import ResumableEpochLoop

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
DEFAULT = [
    str(CONFIGS / name)
    for name in (
        'baselines/singlelabel/cifar100_lt_if100_ce.py',
        'baselines/singlelabel/cifar100_lt_if100_ldam_drw.py',
        'gcl/cifar100_lt_if100_no_mixup_stage1.py',
        'ncl/cifar100_lt_if100_simple.py',
    )
]
GOALS = {'Runner / bare': (1.05, 1.05), 'bare / floor': (1.10, 1.05)}  # at 32 px, above
STEPS = ('Runner', 'bare', 'floor')


@DATASETS.register_module()
class Noise(BaseDataset):
    """Images of noise, of one class or of two."""

    def __init__(self, number: int, size: int, num_classes: int, several: bool) -> None:
        self.shape, self.several = (number, size, size, 3), several
        super().__init__(
            ann_file='',
            metainfo=dict(classes=[*map(str, range(num_classes))]),
            pipeline=[dict(type='PackInputs')],
        )

    def load_data_list(self) -> list[dict]:
        images = np.random.default_rng(0).integers(0, 256, self.shape, dtype=np.uint8)
        classes = len(self.metainfo['classes'])
        pairs = [sorted({i % classes, (i + 1) % classes}) for i in range(len(images))]
        return [dict(img=x, gt_label=p if self.several else p[0]) for x, p in zip(images, pairs)]

    def get_cat_ids(self, idx: int) -> list[int]:
        return np.atleast_1d(self.get_data_info(idx)['gt_label']).tolist()


@LOOPS.register_module()
class ComparingLoop(ResumableEpochLoop):
    """Runs the three steps of each batch in turn."""

    def __init__(self, *args, rounds: int, profile: bool = False, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.rounds, self.times = rounds, []
        self.profile = cProfile.Profile() if profile else None

    def run_epoch(self) -> None:
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        batches = [batch for _, batch in zip(range(4), self.dataloader)]
        for i in range(self.rounds + 2):
            steps = dict(Runner=partial(self._whole, i), bare=self._bare, floor=self._floor)
            order = [STEPS[(i + place) % 3] for place in range(3)]
            seconds = {name: self._seconds(steps[name], batches[i % len(batches)]) for name in order}
            if i >= 2:  # the first ones warm up
                self.times.append(seconds)
        self._epoch = self._max_epochs

    def _seconds(self, step: Callable[[dict], None], batch: dict) -> float:
        batch, model = deepcopy(batch), self.runner.model
        if step == self._floor:
            batch = model.data_preprocessor(batch, True)
        on_gpu = next(model.parameters()).is_cuda
        clock = time.perf_counter if on_gpu else time.process_time
        synchronize = torch.cuda.synchronize if on_gpu else lambda: None
        synchronize()
        start = clock()
        step(batch)
        synchronize()
        return clock() - start

    def _whole(self, i: int, batch: dict) -> None:
        if self.profile:
            self.profile.enable()
        self.run_iter(i, batch)
        self._seed_iteration()
        self._end_if_asked()
        if self.profile:
            self.profile.disable()

    def _bare(self, batch: dict) -> None:
        model = self.runner.model
        losses = model(**model.data_preprocessor(batch, True), mode='loss')
        self._update(model.parse_losses(losses)[0])

    def _floor(self, batch: dict) -> None:
        """On inputs that the step before has prepared."""
        logits = self.runner.model(batch['inputs'], mode='tensor')
        parts = [logits] if isinstance(logits, Tensor) else logits
        self._update(sum(0.0 * part.sum() for part in parts))  # which changes no weight, as a sum alone would

    def _update(self, loss: Tensor) -> None:
        optimizer = self.runner.optim_wrapper.optimizer
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def measure(path: str, args: argparse.Namespace) -> ComparingLoop:
    """The loop of a short run of a config, with its times."""
    cfg = Config.fromfile(path)
    several = 'MultiLabel' in cfg.val_evaluator.type
    number = 4 * args.batch_size
    dataset = dict(type='Noise', number=number, size=args.size, num_classes=cfg.num_classes, several=several)
    plain = dict(batch_size=args.batch_size, num_workers=0, persistent_workers=False, drop_last=True)
    cfg.train_dataloader = {**cfg.train_dataloader.to_dict(), **plain, 'dataset': dataset}
    loop = dict(type='ComparingLoop', max_epochs=1, rounds=args.rounds, profile=args.profile)
    cfg.train_cfg = loop
    for part in ('val', 'test'):
        for key in ('cfg', 'dataloader', 'evaluator'):
            cfg[f'{part}_{key}'] = None
    cfg.model.backbone.pop('init_cfg', None)
    if args.depth:
        cfg.model.backbone.depth = args.depth
        reader = cfg.model.neck if 'in_channels' in (cfg.model.get('neck') or {}) else cfg.model.head
        reader.in_channels = 2048 if args.depth >= 50 else 512
    cfg.device, cfg.work_dir = args.device, args.folder
    cfg.default_hooks.pop('start_check', None)
    cfg.visualizer.vis_backends = [dict(type='LocalVisBackend')]
    cfg.log_level = 'ERROR'
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner.train_loop


def make_parser() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('configs', nargs='*', default=DEFAULT, metavar='CONFIG')
    parser.add_argument('--size', type=int, default=32, help='side of the images in pixels')
    parser.add_argument('--batch-size', type=int, default=64)
    parser.add_argument('--depth', type=int, help="of a ResNet in the place of the config's backbone's")
    parser.add_argument('--rounds', type=int, default=20)
    parser.add_argument('--device', default='cpu')
    parser.add_argument(
        '--profile', action='store_true', help="print where the Runner's step spends its time"
    )
    return parser


def main() -> None:
    """Measure and print a line for each config."""
    args = make_parser().parse_args()
    torch.set_num_threads(1)
    print(f'batches of {args.batch_size} images of {args.size} px, {args.device}, {args.rounds} rounds')
    print(f'{"config":48}{"bare ms":>9}' + ''.join(f'{name:>16}' for name in GOALS))
    for path in args.configs:
        with tempfile.TemporaryDirectory() as args.folder:
            loop = measure(path, args)
        ratios = [
            statistics.median(t[above] / t[below] for t in loop.times)
            for above, below in (name.split(' / ') for name in GOALS)
        ]
        bare = 1000 * statistics.median(t['bare'] for t in loop.times)
        print(
            f'{"/".join(Path(path).with_suffix("").parts[-2:]):48}{bare:9.1f}'
            + ''.join(f'{ratio:16.3f}' for ratio in ratios)
        )
        if loop.profile:
            pstats.Stats(loop.profile).sort_stats('cumulative').print_stats(40)
    goals = (f'{name} at most {limits[args.size > 32]}' for name, limits in GOALS.items())
    print(f'goals: {", ".join(goals)}')


if __name__ == '__main__':
    main()

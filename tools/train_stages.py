"""Train in stages, each from the last checkpoint of the one before.

    python tools/train_stages.py STAGE1.py STAGE2.py [STAGE3.py ...] [--work-dir DIR] [options of tools/train.py]

Called again, it goes on where it stopped: finished stages are skipped, also those that tools/train.py trained, and an
unfinished one is resumed. The options are those of every stage; with --work-dir each has its own folder in there.
"""

import argparse
import gc
from collections.abc import Sequence
from pathlib import Path

import train

import mmlongtail  # noqa: F401  first: it mends the host packages

# isort: split
from mmengine.config import Config
from mmengine.dist import barrier
from mmengine.runner import CheckpointLoader, Runner, find_latest_checkpoint

from mmlongtail.apis import command_line


def parse(argv: Sequence[str] | None) -> list[Config]:
    """The configs of the stages, the options in them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('configs', nargs='+', metavar='CONFIG', help='config files, in the order of training')
    parser.add_argument('--work-dir', type=Path, help='folder of the work dirs of all stages')
    args, options = parser.parse_known_args(argv)
    stages = []
    for config in args.configs:
        folder = ['--work-dir', str(args.work_dir / Path(config).stem)] if args.work_dir else []
        train_args, cfg = command_line.parse(train.make_parser(), [config, *folder, *options])
        if train_args.resume:
            parser.error('--resume is what this tool does: leave it out')
        train.merge(cfg, train_args)
        stages.append(cfg)
    work_dirs = [cfg.work_dir for cfg in stages]
    if len(set(work_dirs)) < len(stages):
        parser.error(f'each stage needs a work dir of its own, got {", ".join(work_dirs)}')
    return stages


def last_checkpoint(cfg: Config) -> str | None:
    """The checkpoint that a stage has come to, also where its work dir has been moved."""
    noted = find_latest_checkpoint(cfg.work_dir)
    if noted is None or Path(noted).is_file():
        return noted
    return str(Path(cfg.work_dir) / Path(noted).name)


def is_finished(cfg: Config, checkpoint: str | None) -> bool:
    """Whether a stage has done all of its epochs, or iterations."""
    if checkpoint is None:
        return False
    with command_line.errors_told():
        done = CheckpointLoader.load_checkpoint(checkpoint, map_location='cpu')['meta']
    if 'max_epochs' in cfg.train_cfg:
        return done['epoch'] >= cfg.train_cfg.max_epochs
    return done['iter'] >= cfg.train_cfg.max_iters


def check_order(stages: Sequence[Config], finished: Sequence[bool]) -> None:
    """Refuse to go on with a stage that began from something else than the end of the one before."""
    for before, stage, done in zip(stages, stages[1:], finished):
        if not done and last_checkpoint(stage):
            raise SystemExit(
                f'error: {stage.work_dir} has a checkpoint, but the stage before it, {before.work_dir}, is not '
                f'finished: remove one of the two folders or name another --work-dir'
            )


def train_stage(cfg: Config, former: str | None) -> None:
    """Train a stage, or what is left of it; it starts from the checkpoint of the former one, if any."""
    cfg.resume = last_checkpoint(cfg) is not None
    cfg.load_from = last_checkpoint(cfg) or former or cfg.get('load_from')

    def action(runner: Runner) -> None:
        runner.train()
        barrier()  # the main process has written the last checkpoint

    command_line.run(cfg, action)
    gc.collect()  # a Runner and its parts refer to each other: its memory is the next one's


def main(argv: Sequence[str] | None = None) -> None:
    """Train all stages; ``argv`` defaults to the command line's arguments."""
    stages = parse(argv)
    finished = [is_finished(cfg, last_checkpoint(cfg)) for cfg in stages]
    check_order(stages, finished)
    former = None
    with command_line.cpu_processes(stages[0]):
        for cfg, done in zip(stages, finished):
            if done:
                print(f'{cfg.work_dir} is finished')
            else:
                train_stage(cfg, former)
            former = last_checkpoint(cfg)


if __name__ == '__main__':
    main()

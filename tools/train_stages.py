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
from mmengine.runner import CheckpointLoader, Runner

from mmlongtail.apis import command_line
from mmlongtail.checkpoints import newest_checkpoint


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


def is_finished(cfg: Config, checkpoint: str | None) -> bool:
    """Whether a stage has done all of its epochs, or iterations."""
    if checkpoint is None:
        return False
    with command_line.errors_told():
        content = CheckpointLoader.load_checkpoint(checkpoint, map_location='cpu', logger='silent')
    done = content['meta']
    if 'max_epochs' not in cfg.train_cfg:
        return done['iter'] >= cfg.train_cfg.max_iters
    # a checkpoint of the last iteration counts the epoch as not done yet
    begun = content.get('message_hub', {}).get('runtime_info', {}).get('epoch_begun')
    whole = begun and begun['epoch'] == done['epoch'] and done['iter'] == begun['iter'] + begun['batches']
    return done['epoch'] + bool(whole) >= cfg.train_cfg.max_epochs


def check_order(stages: Sequence[Config], finished: Sequence[bool], found: Sequence[str | None]) -> None:
    """Refuse to go on with a stage that began from something else than the end of the one before."""
    for before, stage, done, checkpoint in zip(stages, stages[1:], finished, found[1:]):
        if not done and checkpoint:
            raise SystemExit(
                f'error: {stage.work_dir} has a checkpoint, but the stage before it, {before.work_dir}, is not '
                f'finished: remove one of the two folders or name another --work-dir'
            )


def train_stage(cfg: Config, checkpoint: str | None, former: str | None) -> None:
    """Train a stage from its own checkpoint on, or else from that of the former one, if any."""
    cfg.resume = checkpoint is not None
    cfg.load_from = checkpoint or former or cfg.get('load_from')

    def action(runner: Runner) -> None:
        runner.train()
        barrier()  # the main process has written the last checkpoint

    command_line.run(cfg, action)
    gc.collect()  # a Runner and its parts refer to each other: its memory is the next one's


def main(argv: Sequence[str] | None = None) -> None:
    """Train all stages; ``argv`` defaults to the command line's arguments."""
    stages = parse(argv)
    with command_line.errors_told():
        found = [newest_checkpoint(cfg.work_dir) for cfg in stages]
    finished = [is_finished(cfg, checkpoint) for cfg, checkpoint in zip(stages, found)]
    check_order(stages, finished, found)
    former = None
    with command_line.cpu_processes(stages[0]):
        for cfg, done, checkpoint in zip(stages, finished, found):
            if done:
                print(f'{cfg.work_dir} is finished')
            else:
                train_stage(cfg, checkpoint, former)
            former = checkpoint if done else newest_checkpoint(cfg.work_dir)


if __name__ == '__main__':
    main()

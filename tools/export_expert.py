"""Write one expert of a MultiExpertClassifier as a plain classifier of MMPretrain.

    python tools/export_expert.py CONFIG CHECKPOINT --expert 0 --out FOLDER

FOLDER gets config.py and checkpoint.pth, for MMPretrain's own tools and ``mmpretrain.get_model``.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import mmlongtail  # noqa: F401  first: it mends the host packages

# isort: split
from mmengine.config import Config, DictAction
from mmengine.runner import CheckpointLoader, save_checkpoint

from mmlongtail.apis import command_line
from mmlongtail.apis.single_expert import export_expert, package_types


def make_parser() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file of the training')
    parser.add_argument('checkpoint', help='its checkpoint')
    parser.add_argument('--expert', type=int, default=0, help='index of the expert')
    parser.add_argument('--out', type=Path, required=True, help='folder of the two files')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='settings to override, as key=value'
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Export; ``argv`` defaults to the command line's arguments."""
    args = make_parser().parse_args(argv)
    with command_line.errors_told(ValueError):
        cfg = Config.fromfile(args.config)
        cfg.merge_from_dict(args.cfg_options or {})
        checkpoint = CheckpointLoader.load_checkpoint(args.checkpoint, map_location='cpu')
        config, weights = export_expert(cfg, checkpoint['state_dict'], args.expert)
        command_line.check_writable(args.out, is_folder=True)
    classes = checkpoint.get('meta', {}).get('dataset_meta', {}).get('classes')
    meta = dict(dataset_meta=dict(classes=classes)) if classes else {}
    config.dump(args.out / 'config.py')
    save_checkpoint(dict(state_dict=weights, meta=meta), str(args.out / 'checkpoint.pth'))
    print(f'expert {args.expert} is in {args.out}: config.py, checkpoint.pth')
    if own := package_types(config):
        print(f'the config imports mmlongtail, as MMPretrain lacks {", ".join(own)}')


if __name__ == '__main__':
    main()

"""Write features of class names, from which ClassifierStartHook starts a classifier.

    python tools/text_features.py MODEL CLASSES OUT.safetensors

MODEL is a folder of a CLIP or SigLIP model and its tokenizer as transformers writes them, CLASSES a config, whose train
data set names the classes, or a text file with a name in each line. It needs ``pip install "mmlongtail[text]"``.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import mmlongtail  # noqa: F401  first: it mends the host packages

# isort: split
from mmengine.registry import init_default_scope

from mmlongtail.apis import command_line
from mmlongtail.apis.text_features import SPACES, TEMPLATE, class_names, class_text_features
from mmlongtail.tensor_file import write_class_features


def make_parser() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('model', type=Path, help='folder of the model')
    parser.add_argument('classes', type=Path, help='config, or text file of names')
    parser.add_argument('out', type=Path, help='file to write')
    parser.add_argument('--template', nargs='+', default=[TEMPLATE], help='prompts with {} for the name')
    parser.add_argument(
        '--space',
        choices=SPACES,
        default='visual',
        help='features before the projection of CLIP, or after it',
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Write the file; ``argv`` defaults to the command line's arguments."""
    args = make_parser().parse_args(argv)
    init_default_scope('mmpretrain')
    with command_line.errors_told(ValueError, OSError, ImportError):
        classes = class_names(args.classes)
        features = class_text_features(args.model, classes, args.template, args.space)
        args.out.parent.mkdir(parents=True, exist_ok=True)
        write_class_features(args.out, features, classes)
    print(f'{args.out}: {len(classes)} classes, {features.shape[1]} channels')


if __name__ == '__main__':
    main()

"""Show on a small web page what a model, or two beside each other, says of images.

    mmlongtail serve CHECKPOINT
    mmlongtail serve CHECKPOINT OTHER_CHECKPOINT --port 0

Open the address that it prints and drop images on the page. Only this machine reaches it, and no image is written
to disk. Ctrl-C ends it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from ipaddress import ip_address

from mmlongtail.apis.inferencer import LongTailInferencer
from mmlongtail.apis.tool_errors import exit_status
from mmlongtail.structures import checks

from .page_models import PageModels, ServedModel, distinct_names
from .server import PageServer

LOOPBACK = '127.0.0.1'
MEGABYTE = 1_000_000
WARNING = 'warning: whoever reaches {} can use this page: it has no password and no encryption'


def make_parser() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add('checkpoint', help='file that a training left')
    add('other', nargs='?', help='a second one, shown beside it')
    add('--port', type=int, default=8000, help='of the page, 0 for any that is free (%(default)s)')
    add('--host', default=LOOPBACK, help='address that others reach, too: there is no password (%(default)s)')
    add('--max-mb', type=float, default=20, help='megabytes that an image may have (%(default)s)')
    add('--top-k', type=int, help='labels of each image (those over their thresholds; one label: 5)')
    add(
        '--config',
        action='append',
        metavar='FILE',
        help='config of the training, where that in the checkpoint does not do; once for both or once for each',
    )
    add('--tta', action='store_true', help="average over the config's views, or a flip")
    add('--allow-partial', action='store_true', help='take a checkpoint that does not fill the model')
    add('--device', help='where the models run, such as cuda:1 or cpu')
    return parser


def serve(args: argparse.Namespace) -> None:
    """Load the models and answer until Ctrl-C.

    Raises:
        OSError: If a checkpoint is missing or damaged, or the address cannot be had.
        ValueError: For numbers out of range, and as :class:`LongTailInferencer`.
    """
    checks.whole('--port', args.port, at_least=0, at_most=65535)
    checks.number('--max-mb', args.max_mb, above=0)
    checks.whole('--top-k', args.top_k, optional=True)
    if not args.host:
        checks.refuse('--host', args.host, 'an address')
    is_local = is_loopback(args.host)
    with PageServer(args.host, args.port, is_local, round(args.max_mb * MEGABYTE)) as server:
        models = load_models(args)
        if not is_local:
            print(WARNING.format(args.host), file=sys.stderr)
        print(f'the page is at {server.url} until Ctrl-C', flush=True)
        server.serve(models)


def load_models(args: argparse.Namespace) -> PageModels:
    """The models that the options name.

    Raises:
        ValueError: If the number of configs does not fit, and as :class:`LongTailInferencer`.
    """
    paths = [args.checkpoint, *([args.other] if args.other else [])]
    configs = args.config or [None]
    if len(configs) not in (1, len(paths)):
        raise ValueError(f'--config is given {len(configs)} times, expected once or once for each checkpoint')
    configs = configs * len(paths) if len(configs) == 1 else configs
    return PageModels(
        [
            ServedModel(
                name,
                LongTailInferencer(path, config, args.device, tta=args.tta, allow_partial=args.allow_partial),
                args.top_k,
            )
            for name, path, config in zip(distinct_names(paths), paths, configs)
        ]
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return host == 'localhost' or ip_address(host).is_loopback
    except ValueError:  # a name
        return False


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; ``argv`` defaults to the command line's arguments."""
    args = make_parser().parse_args(argv)
    try:
        return exit_status(lambda: serve(args))
    except KeyboardInterrupt:
        print('\nstopped')
        return 0

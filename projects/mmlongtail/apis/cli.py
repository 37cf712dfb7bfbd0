"""The command ``mmlongtail``: a table of subcommands, each of which is imported only when it is used."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = {  # name: (module:function, what it does)
    'train': ('mmlongtail.apis.own_data:main', 'make a config for your own images, and train it'),
    'predict': ('mmlongtail.apis.predict:main', 'predict what the images in a folder show'),
    'tune': ('mmlongtail.apis.tune:main', 'tune the thresholds of a multi-label model on validation data'),
    'report': (
        'mmlongtail.apis.report:main',
        'write a page about trainings, of HTML that needs no other file',
    ),
    'export': (
        'mmlongtail.apis.export:main',
        'write a model as ONNX, torch.export or safetensors with a model card',
    ),
    'serve': (
        'mmlongtail.apis.serve:main',
        'show labels of images on a web page, of two models side by side',
    ),
    'stats': ('mmlongtail.apis.stats:main', "print and draw a data set's class counts and co-occurrence"),
    'split': ('mmlongtail.apis.split:main', 'make a long-tailed part of a multi-label set'),
}


def usage() -> str:
    """The list of commands."""
    width = max(map(len, COMMANDS))
    lines = [f'  {name:{width}}  {words}' for name, (_, words) in COMMANDS.items()]
    return '\n'.join(
        ['usage: mmlongtail COMMAND ...', '', *lines, '', 'mmlongtail COMMAND --help explains one of them']
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; ``argv`` defaults to the command line's arguments."""
    name, *rest = (sys.argv[1:] if argv is None else argv) or ['']
    if name in ('-h', '--help'):
        print(usage())
        return 0
    if name not in COMMANDS:
        problem = f'unknown command {name!r}' if name else 'a command is expected'
        print(f'{usage()}\n\nerror: {problem}', file=sys.stderr)
        return 2
    module, _, function = COMMANDS[name][0].partition(':')
    program, sys.argv[0] = sys.argv[0], f'mmlongtail {name}'  # the name in its usage
    try:
        return getattr(import_module(module), function)(rest) or 0
    finally:
        sys.argv[0] = program

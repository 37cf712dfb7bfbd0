"""The frame of a tool that draws a figure: its options, where the figure goes and how the tool ends."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from .tool_errors import exit_status

DPI = 150


def make_parser(description: str) -> ArgumentParser:
    """A parser whose help shows the tool's docstring as it is written."""
    return ArgumentParser(description=description, formatter_class=RawDescriptionHelpFormatter)


def add_figure(parser: ArgumentParser, draw: Callable[[Namespace], Figure]) -> None:
    """Give a parser, the tool's or a subcommand's, its figure and the option ``--out``.

    Args:
        parser: Of the figure's options.
        draw: Draws the figure from the parsed options.
    """
    parser.set_defaults(draw=draw)
    parser.add_argument('-o', '--out', type=Path, required=True, help='PNG, PDF or SVG')


def run(parser: ArgumentParser, argv: Sequence[str] | None = None) -> int:
    """Draw and save the figure that the options ask for; ``argv`` defaults to the command line's.

    Returns:
        The exit status, as :func:`mmlongtail.apis.tool_errors.exit_status` has it.
    """
    args = parser.parse_args(argv)

    def draw_and_save() -> None:
        figure = args.draw(args)
        args.out.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(args.out, dpi=DPI)
        print(f'{args.out} written')

    return exit_status(draw_and_save)

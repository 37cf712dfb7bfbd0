"""Figures of Matplotlib as SVG that stands in a page, takes its color of text and fetches nothing."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html import escape

import matplotlib
from matplotlib.figure import Figure

from .markup import Markup

INK = '#010203'  # what is drawn in it takes the page's color of text
RC = {
    'text.color': INK,
    'axes.edgecolor': INK,
    'axes.labelcolor': INK,
    'xtick.color': INK,
    'ytick.color': INK,
    'figure.facecolor': 'none',
    'axes.facecolor': 'none',
    'savefig.facecolor': 'none',
    'legend.framealpha': 0.0,
    'svg.fonttype': 'none',  # text stays text
    'svg.hashsalt': 'report',  # the same figure is the same text
    'font.family': 'sans-serif',
}
USED = re.compile(r'(?:url\(#|href="#)([^")]+)')
ID = re.compile(r' id="([^"]*)"')


def draw(build: Callable[[], Figure], words: str, key: str) -> Markup:
    """The SVG of a figure.

    Args:
        build: Makes the figure.
        words: What it shows, for who cannot see it.
        key: Of letters and digits, another one for each figure of a page: its names begin with it.
    """
    text = io.StringIO()
    with matplotlib.rc_context(RC):
        build().savefig(text, format='svg', metadata=dict(Date=None, Creator=None, Format=None, Type=None))
    return Markup(_inline(text.getvalue(), words, key))


def _inline(text: str, words: str, key: str) -> str:
    svg = text[text.index('<svg') :]
    svg = re.sub(r'\s*<metadata>.*?</metadata>', '', svg, flags=re.DOTALL)
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"', '', svg).replace('xlink:href', 'href')
    used = set(USED.findall(svg))
    svg = ID.sub(lambda found: f' id="{key}-{found[1]}"' if found[1] in used else '', svg)
    svg = re.sub(r'(url\(#|href="#)', rf'\g<1>{key}-', svg).replace(INK, 'currentColor')
    label, width = escape(words), re.search(r'<svg[^>]* width="([^"]+)"', svg)[1]
    shape = f'role="img" aria-label="{label}" style="--width:{width}"'
    return svg.replace('<svg', f'<svg {shape}', 1).strip()

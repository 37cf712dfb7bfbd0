"""Pieces of the page: escaped text, tables, images, sections, and the page around them."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from .style import STYLE


class Markup(str):
    """Text that is HTML already; any other text is escaped."""


def markup(value: object) -> str:
    """A value as HTML."""
    return value if isinstance(value, Markup) else escape(str(value))


def element(name: str, *children: object, **attributes: str) -> Markup:
    """An element; ``class_`` stands for the attribute ``class``."""
    given = ''.join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items()
    )
    return Markup(f'<{name}{given}>{"".join(map(markup, children))}</{name}>')


def joined(*parts: object) -> Markup:
    """Parts after each other."""
    return Markup('\n'.join(map(markup, parts)))


def table(
    header: Sequence[object], rows: Iterable[Sequence[object]], caption: str = '', text: bool = False
) -> Markup:
    """A table that scrolls sideways where it is too wide.

    Args:
        header: Names of the columns.
        rows: Cells; the first names the row.
        caption: What is to be known of it.
        text: Whether all cells are text, which stands at the left.
    """
    head = element('tr', *(element('th', cell, scope='col') for cell in header))
    body = [
        element('tr', element('th', row[0], scope='row'), *(element('td', cell) for cell in row[1:]))
        for row in rows
    ]
    parts = [element('caption', caption)] if caption else []
    whole = element(
        'table', *parts, element('thead', head), element('tbody', *body), class_='text' if text else 'numbers'
    )
    return element('div', whole, class_='scroll', tabindex='0')


def number(value: float | None, digits: int = 1, none: str = '–') -> str:
    """A number as text, a dash where there is none."""
    return none if value is None or value != value else f'{value:.{digits}f}'


def gain(value: float | None, digits: int = 1) -> Markup:
    """A difference with its sign, colored by it."""
    if value is None or value != value:
        return Markup('–')
    value = round(value, digits) + 0.0  # never -0.0
    kind = 'up' if value > 0 else 'down' if value < 0 else 'same'
    return element('span', f'{value:+.{digits}f}', class_=kind)


def picture(jpeg: bytes, words: str) -> Markup:
    """An image inside the page; ``words`` say what it is where it cannot be seen."""
    source = f'data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}'
    return Markup(f'<img src="{source}" alt="{escape(words)}" loading="lazy">')


def figure(svg: Markup, caption: str) -> Markup:
    """A drawing and what is to be known of it."""
    return element(
        'figure', element('div', svg, class_='scroll', tabindex='0'), element('figcaption', caption)
    )


@dataclass(frozen=True)
class Section:
    """A part of the page: its content, or in a line why it is left out.

    Args:
        title: Heading.
        content: HTML.
        missing: Why there is none.
    """

    title: str
    content: str = ''
    missing: str = ''

    @property
    def anchor(self) -> str:
        """Its place in the page."""
        return ''.join(c if c.isalnum() else '-' for c in self.title.lower())


def page(title: str, sections: Sequence[Section]) -> str:
    """The whole page; the sections that are left out are listed at its end."""
    shown = [section for section in sections if section.content]
    lines = [f'{section.title}: {section.missing}.' for section in sections if section.missing]
    if lines:
        listed = element('ul', *(element('li', line) for line in lines))
        shown.append(Section('Left out', listed))
    links = [element('li', element('a', section.title, href=f'#{section.anchor}')) for section in shown]
    parts = [
        element('section', element('h2', section.title), Markup(section.content), id=section.anchor)
        for section in shown
    ]
    body = joined(
        element('header', element('h1', title), element('nav', element('ul', *links), aria_label='Sections')),
        element('main', *parts),
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'
        f'<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n'
    )

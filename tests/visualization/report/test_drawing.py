"""A figure in a page takes its color of text, and names nothing that another one names."""

import re

from matplotlib.figure import Figure

from mmlongtail.visualization.report.drawing import draw


def build() -> Figure:
    figure = Figure(figsize=(3, 2))
    ax = figure.subplots()
    ax.plot([0, 1], [0, 1], 'o-')
    ax.imshow([[0, 1]])
    ax.set_title('title < text')
    return figure


def test_it_fetches_nothing_and_is_the_same_text_twice():
    svg = draw(build, 'a "line"', 'one')
    assert svg.startswith('<svg role="img" aria-label="a &quot;line&quot;"') and svg.endswith('</svg>')
    assert 'style="--width:216pt"' in svg
    assert 'http' not in svg and 'xlink' not in svg and 'metadata' not in svg
    assert 'currentColor' in svg and '#000000' not in svg
    assert 'title &lt; text' in svg and svg == draw(build, 'a "line"', 'one')


def test_references_find_their_names_and_differ_between_figures():
    found = {}
    for key in ('one', 'two'):
        svg = draw(build, 'words', key)
        names = re.findall(r' id="([^"]+)"', svg)
        used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', svg))
        assert used == set(names) and len(names) == len(used) and used
        found[key] = used
    assert found['one'].isdisjoint(found['two'])

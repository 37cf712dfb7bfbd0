"""Pieces of the page are escaped and well-formed."""

from mmlongtail.visualization.report.markup import Section, element, gain, number, page, picture, table


def test_text_is_escaped_once():
    assert element('p', 'a < b & "c"', class_='x') == '<p class="x">a &lt; b &amp; &quot;c&quot;</p>'
    assert element('p', element('b', '<')) == '<p><b>&lt;</b></p>'
    assert element('nav', aria_label='"') == '<nav aria-label="&quot;"></nav>'


def test_numbers():
    assert (number(1.25, 1), number(None), number(float('nan'))) == ('1.2', '–', '–')
    assert gain(0.04) == '<span class="same">+0.0</span>' and gain(-0.04) == '<span class="same">+0.0</span>'
    assert gain(-2.0) == '<span class="down">-2.0</span>' and gain(float('nan')) == '–'


def test_a_table_names_its_rows_and_columns():
    made = table(['class', '<n>'], [['cat', 3]], 'All')
    assert '<th scope="col">&lt;n&gt;</th>' in made and '<th scope="row">cat</th><td>3</td>' in made
    assert '<caption>All</caption>' in made


def test_pictures_lie_in_the_page():
    assert (
        picture(b'abc', '"x"') == '<img src="data:image/jpeg;base64,YWJj" alt="&quot;x&quot;" loading="lazy">'
    )


def test_a_section_is_there_or_says_why_not():
    text = page('A & B', [Section('One thing', element('p', 'here')), Section('Other', missing='no <data>')])
    assert '<title>A &amp; B</title>' in text and '<section id="one-thing">' in text
    assert '<li>Other: no &lt;data&gt;.</li>' in text and 'href="#other"' not in text

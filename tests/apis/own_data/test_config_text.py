"""Values as Python text that gives the values back."""

import pytest

from mmlongtail.apis.own_data.config_text import WIDTH, render

VALUES = [
    {},
    dict(a=1, b=[1.5, 'x'], c=(2,), d=None, e=dict(f=True)),
    dict(long=['some text that is long'] * 12, inner=dict(a='x' * 60, b='y' * 60, c=dict(d='z' * 70))),
    {'0': 1, 'a b': dict(type='X')},
    [dict(type='A' * 30), dict(type='B' * 80), dict(type='C' * 60)],
]


@pytest.mark.parametrize('value', VALUES)
def test_text_gives_the_value_back(value):
    text = render(value, room=8)
    assert eval(text) == value
    assert max(map(len, text.splitlines())) <= WIDTH

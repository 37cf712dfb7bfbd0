"""The page on Python: its code prints what stands below it, up to what processors round apart."""

import re
from importlib import import_module
from pathlib import Path

import pytest

PAGE = (Path(__file__).resolve().parents[2] / 'docs' / 'python.md').read_text()
BLOCKS = re.findall(r'```python\n(.*?)```\n\n```\n(.*?)```', PAGE, re.DOTALL)
NUMBER = re.compile(r'\d+\.\d+')


@pytest.mark.parametrize(('code', 'printed'), BLOCKS)
def test_the_code_prints_what_the_page_says(code, printed, capsys):
    exec(compile(code, 'docs/python.md', 'exec'), {})
    seen = capsys.readouterr().out
    assert NUMBER.sub('', seen).split() == NUMBER.sub('', printed).split()
    numbers = [[float(number) for number in NUMBER.findall(text)] for text in (seen, printed)]
    assert numbers[0] == pytest.approx(numbers[1], abs=0.5 if 'mAP' in printed else 1e-3)


def test_the_table_names_what_there_is():
    rows = re.findall(r'^\| `(mmlongtail\.\w+)` \| (.*) \|$', PAGE, re.MULTILINE)
    for name, words in rows:
        for symbol in re.findall(r'`(\w+)`', words):
            assert symbol in import_module(name).__all__, f'{name} has no {symbol}'
    assert len(BLOCKS) == 2 and len(rows) == 6

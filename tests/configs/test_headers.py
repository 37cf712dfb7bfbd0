"""Headers of configs: measured numbers are those of ``results.csv``, commands name configs that there are."""

import csv
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted((ROOT / 'configs').rglob('*.py'))
OURS = re.compile(
    r'Ours: (?P<scores>[\d., ]+) (?P<score>mAP|top-1) on (?P<dataset>\S+) \(seeds? (?P<seeds>[\d, ]+); '
    r'(?P<network>\S+), (?P<image_size>\d+) px, (?P<iterations>\d+) iterations(?: instead of [\d,]+)?; '
    r'(?P<machine>[^)]+)\)'
)
COLUMNS = dict(zip(('mAP', 'top-1'), ('total', 'top1')))


def header(path: Path) -> str:
    """The comment on top of a config as one line."""
    lines = []
    for line in path.read_text().splitlines():
        if not line.startswith('#'):
            break
        lines.append(line.lstrip('# '))
    return ' '.join(lines)


MEASURED = [path for path in CONFIGS if re.search(r'Ours: \d', header(path))]


@pytest.mark.parametrize('path', MEASURED, ids=lambda path: str(path.relative_to(ROOT / 'configs')))
def test_measured_numbers_are_those_of_the_csv(path):
    said = OURS.search(header(path))
    assert said, f'{path}: "{header(path)}" says what it measured in another form'
    said = said.groupdict()
    with open(path.parent / 'results.csv', newline='') as file:
        rows = [row for row in csv.DictReader(file) if row['config'] == path.name]
    setting = ('dataset', 'network', 'image_size', 'iterations', 'machine')
    known = [row for row in rows if all(row[key] == said[key] for key in setting)]
    pairs = {(row['method'], row['seed'], row[COLUMNS[said['score']]]) for row in known}
    wanted = list(zip(said['seeds'].split(', '), said['scores'].split(', '), strict=True))
    methods = {method for method, _, _ in pairs}
    assert any(all((method, *pair) in pairs for pair in wanted) for method in methods)


def test_commands_name_configs_that_there_are():
    assert len(MEASURED) >= 20
    for path in CONFIGS:
        for name in re.findall(r'(?<=\s)configs/[\w./]+\.py', header(path)):
            assert (ROOT / name).is_file(), f'{path}: {name} is not there'

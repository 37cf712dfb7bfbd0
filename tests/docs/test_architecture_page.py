"""The page on the architecture: the names on it are those of the code, and imports go down as it says."""

import ast
import re
from pathlib import Path

import mmlongtail.apis
from mmlongtail import datasets, engine, evaluation, models, structures
from mmlongtail.models import branching

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / 'projects' / 'mmlongtail'
PAGE = (ROOT / 'docs' / 'architecture.md').read_text()
HOST = {'ClsDataPreprocessor', 'PackInputs'}
FLOORS = re.findall(r'^\| (\d) \| (.*?) \|', PAGE, re.MULTILINE)


def imported(path: Path) -> set[str]:
    """The rooms and modules of the package that a file imports."""
    place, found = ('mmlongtail', *path.relative_to(PACKAGE).parts[:-1]), set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            base = place[: len(place) - node.level + 1] if node.level else ()
            whole = (*base, *(node.module or '').split('.'))
            found |= {(*whole, alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {tuple(alias.name.split('.')) for alias in node.names}
    found = {tuple(filter(None, names)) for names in found}
    return {names[1] for names in found if names[0] == 'mmlongtail' and len(names) > 1}


def test_the_page_is_short():
    assert len(PAGE.splitlines()) <= 80


def test_names_are_those_of_the_code():
    rooms = (datasets, engine, evaluation, models, structures, mmlongtail.apis, branching)
    names = set(re.findall(r'\b(?:[A-Z][a-z]+){2,}\w*\b|\b[A-Z][a-z]*LT\b', PAGE)) - HOST
    names |= {'VOCLT', 'CompensatedBCELoss', 'average_precision'}
    assert len(names) > 20
    assert not [name for name in names if not any(hasattr(room, name) for room in rooms)]
    for name in re.findall(r'`(\w+\.py)`', PAGE):
        assert (PACKAGE / name).is_file()


def test_imports_go_down():
    floor = {room: int(number) for number, rooms in FLOORS for room in re.findall(r'`(\w+)`', rooms)}
    assert set(floor) == {path.parent.name for path in PACKAGE.glob('*/__init__.py')}
    for room, number in floor.items():
        for path in (PACKAGE / room).rglob('*.py'):
            for other in imported(path) & set(floor) - {room}:
                allowed = floor[other] < number or (room, other) == ('models', 'datasets')
                assert allowed, f'{path.relative_to(PACKAGE)} of floor {number} imports {other}'

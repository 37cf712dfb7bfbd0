"""The text of the repository is spelled as in the host (US), and names nothing that the repository does not have."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SUFFIXES = ('.py', '.md', '.sh', '.yml', '.toml', '.cff')
VERBS = 'normal|initial|summar|general|organ|optim|recogn|util|synchron|visual|regular|vector|random|parametr|special'
BRITISH = re.compile(
    rf'colour|grey|behaviour|favour|neighbour|(?<!\w)_?centr(?:e|es|ed|ing)\b|misspelt|analys(?:e|ed|ing)\b'
    rf'|\w*(?:{VERBS})is(?:e|ed|es|er|ing|ation)s?\b|(?-i:labell(?:ed|ing))',
    re.IGNORECASE,
)
OUTSIDE = re.compile(r'\bMETHODS(?:\.md|\'|,? ["\d])|\b(?:STACK|HOUSE)\.md')
LEFT = ('CHANGELOG.md', 'tests/test_spelling.py')  # the record of its time, and the list of words itself


@pytest.fixture(scope='module')
def texts() -> dict[str, str]:
    """The text files that git knows, or where there is no git, those of the folders with code."""
    try:
        listed = subprocess.run(['git', 'ls-files'], cwd=ROOT, capture_output=True, text=True, check=True)
        names = listed.stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        folders = ('projects', 'configs', 'tools', 'tests', 'docs')
        names = [str(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).rglob('*')]
    kept = [name for name in names if name.endswith(SUFFIXES) and name not in LEFT]
    return {name: (ROOT / name).read_text() for name in kept if (ROOT / name).is_file()}


@pytest.mark.parametrize('pattern', [BRITISH, OUTSIDE], ids=['British forms', 'files outside'])
def test_none_is_found(texts, pattern):
    found = [
        f'{name}:{number}: {match.group()}'
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        for match in pattern.finditer(line)
    ]
    assert not found, '\n'.join(found)


def test_the_patterns_know_what_they_look_for():
    for word in ('colours', 'Grey', 'normalised', 'initialisation', 'centre', 'unlabelled', 'neighbour'):
        assert BRITISH.search(word)
    for word in (
        'color',
        'raises',
        'MultiLabelLoss',
        'supervised',
        'analyses',
        'noise',
        'center',
        'elementwise',
    ):
        assert not BRITISH.search(word)
    assert OUTSIDE.search('METHODS 4') and not OUTSIDE.search('METHODS = {')

"""A small list is made and measured, in this process."""

import runpy
from argparse import Namespace
from pathlib import Path

TOOL = Path(__file__).resolve().parents[3] / 'tools' / 'benchmarks' / 'large_lists.py'


def test_what_is_measured(tmp_path):
    tool = runpy.run_path(str(TOOL))
    measure = tool['measure']
    measure.__globals__.update(PER_FOLDER=10, SAMPLES=500)
    tool['make_list'](tmp_path, images=25, classes=4, labels=3)
    lines = (tmp_path / 'list.csv').read_text().splitlines()
    assert len(lines) == 26 and {line.count('|') for line in lines[1:]} == {0, 1, 2}
    found = measure(Namespace(root=str(tmp_path), shared=True, ranks=1, workers=[1]))
    assert found['start'] > 0 and found['peak'] > 0 and [*tmp_path.glob('cache/*/names.npy')]
    ((_, private),) = found['loaders'].values()
    assert len(private) == 1 and private[0] > 0

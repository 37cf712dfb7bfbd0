"""Both versions give one loss, which the tool itself checks, and each step takes its time."""

import runpy
from pathlib import Path

TOOL = Path(__file__).resolve().parents[3] / 'tools/benchmarks/collaborative_step.py'


def test_three_versions_of_a_small_step():
    tool = runpy.run_path(str(TOOL))
    versions = tool['Versions'](depth=18, batch=2, size=32, device='cpu')
    versions.check()
    for step in (versions.collaborative, versions.parts, versions.four_forwards):
        assert tool['seconds'](step, versions.model, 'cpu') > 0
        assert all(p.grad is not None for p in versions.model.backbone.parameters())

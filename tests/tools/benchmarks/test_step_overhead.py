"""The three steps take turns in a real run of a small network, of one label and of two streams."""

from pathlib import Path

CONFIG = """
_base_ = {base!r}
model = dict(backbone=dict(_delete_=True, type='ResNet_CIFAR', depth=18, base_channels=2, stem_channels=2),
    head=dict(in_channels=16))
"""


def test_line_of_a_config(benchmark, tmp_path):
    configs = Path(__file__).resolve().parents[3] / 'configs/baselines/singlelabel'
    path = tmp_path / 'small.py'
    path.write_text(CONFIG.format(base=str(configs / 'cifar100_lt_if100_ce.py')))
    lines = benchmark('step_overhead.py', path, '--size', 8, '--batch-size', 2, '--rounds', 2)
    (row,) = [line for line in lines if '/small ' in line]
    milliseconds, *ratios = map(float, row.split()[1:])
    assert milliseconds > 0 and len(ratios) == 2 and min(ratios) > 0.1
    assert lines[-1] == 'goals: Runner / bare at most 1.05, bare / floor at most 1.1'

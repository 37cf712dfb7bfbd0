"""Samplers and metrics of three processes are those of one, and the figures are what one works out by hand."""

import re
from pathlib import Path

CONFIG = Path(__file__).resolve().parents[3] / 'configs' / 'demo' / 'erm.py'


def test_figures_of_a_small_plan(benchmark):
    sizes = ('--single', '4000x50x40', '--multi', '6000x60x30', '--share', 2)
    config = ('--config', CONFIG, '--gbit', 8)
    lines = benchmark('many_ranks.py', '--ranks', 3, '--batch-size', 10, *sizes, *config)
    assert [line.split(':')[0] for line in lines[:3]] == [
        'uniform, one label',
        'class-aware, one label',
        'class-aware, several labels',
    ]
    assert '4,000 draws, 1,334 a rank, 2 of padding, 133 steps' in lines[0]
    single, multi = lines[3:5]
    assert single.startswith('single label, 20 of 40 test images, 50 classes: equal to one process')
    assert multi.startswith('multi label, 15 of 30 test images, 60 classes: equal to one process')
    number = float(lines[5].split()[0]) * 1e6
    ddp = float(re.search(r'DDP: ([\d.]+) MB', lines[6])[1])
    assert abs(ddp - 8 * 2 / 3 * number / 1e6) < 0.5

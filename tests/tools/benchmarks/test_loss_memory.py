"""Every loss has its peak memory in copies of the logits."""


def test_table(benchmark):
    title, *rows = benchmark('loss_memory.py', '--images', 64, '--classes', 256)
    peaks = {row[:38].strip(): [float(number) for number in row[38:].split()] for row in rows}
    assert {'LDAMLoss', 'ProbabilityGuidedLoss', 'binary_cross_entropy_with_logits'} <= peaks.keys()
    assert all(peak >= 3 for peak, *_ in peaks.values()) and peaks['cross_entropy'][2] == 1

"""Every family of components has rows, with a time for each number of classes."""


def test_table(benchmark):
    small = dict(BATCH=2, TESTED=4, LABELS=200)
    title, *rows = benchmark('growth.py', '--classes', 4, 8, '--rounds', 1, **small)
    assert title.split()[-4:] == ['4', '8', 'exponent', 'copies']
    names = {row.split()[0] for row in rows}
    assert {'LDAMLoss', 'ProbabilityGuidedLoss', 'LongTailMultiLabelMetric', 'ClassStatistics'} <= names
    assert {'ClassAwareSampler', 'CBENSampler'} <= names

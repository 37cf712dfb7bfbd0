"""Ours agrees with scikit-learn, which the tool itself checks, and each has its time."""


def test_table_of_two_sizes(benchmark):
    _, *rows = benchmark('metric_speed.py', '--sizes', '50x3', '20x2', '--rounds', 1)
    assert [row.split()[:2] for row in rows] == [
        [size, name] for size in ('50x3', '20x2') for name in ('ours', 'scikit-learn', 'MMPretrain')
    ]
    assert rows[0].endswith(' 1.0x') and all(float(row.split()[2]) >= 0 for row in rows)

"""Each way is measured, and the goals are named."""


def test_table_of_all_ways(benchmark):
    lines = benchmark(
        'picture_pipeline.py', '--images', 2, '--rounds', 1, SIDES=(60, 80), SMALLEST=50, SIDE=16
    )
    title, *rows = [line for line in lines if ' - INFO - ' not in line]
    assert title.split() == 'way images/s over decode and resize over decode'.split()
    assert [row.split('  ')[0] for row in rows] == [
        'decode and resize',
        'decode',
        'decode at half the size',
        'training',
        'training, cached',
        'training, rest in batches',
        'training, cached, rest in batches',
        'training, 112 px, reduced',
        'load',
        'load, cached',
        'test',
        'test, cached',
        'flip and distort, per image',
        'flip and distort, per batch',
    ]
    assert [row for row in rows if 'goal: ' in row] == [rows[3], rows[9]]

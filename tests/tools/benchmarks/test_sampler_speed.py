"""Every sampler draws an epoch of a small set."""


def test_table_of_all_samplers(benchmark):
    _, *rows = benchmark('sampler_speed.py', '--images', 600, '--classes', 12, '--rounds', 2)
    draws = {row.split()[0]: int(row.split()[1]) for row in rows}
    assert len(draws) == 9 and draws['DefaultSampler'] == draws['ClassBalancedSampler'] == 600
    assert rows[0].split()[-2] == '1.00'

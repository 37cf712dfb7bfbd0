"""Every sampler draws an epoch of a small set."""


def test_table_of_all_samplers(benchmark):
    _, *rows = benchmark('sampler_speed.py', IMAGES=600, CLASSES=12, ROUNDS=2)
    draws = {row.split()[0]: int(row.split()[1]) for row in rows}
    assert len(draws) == 9 and draws['DefaultSampler'] == draws['ClassBalancedSampler'] == 600
    assert rows[0].endswith(' 1.00')

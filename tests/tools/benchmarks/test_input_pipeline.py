"""Both paths give batches to the model for every recipe."""


def test_table_of_all_recipes(benchmark):
    few = ['--batch-size', 4, '--images', 8, '--rounds', 1]
    title, *rows = benchmark('input_pipeline.py', *few, PICTURES=16)
    assert title.split() == ['augmentation', 'per', 'image', 'per', 'batch', 'images/s,', 'cpu']
    assert [row.split('  ')[0] for row in rows] == [
        'crop + flip',
        'crop + flip + RandAugment',
        'crop + flip + AutoAugment + cutout',
    ]
    assert all(row.endswith(' times') for row in rows)

"""From rows to Markdown, and every way in which a table could mislead."""

import pytest

from mmlongtail.analysis import results

PAPER = [
    dict(method='collaborative', dataset='VOC-LT', total='81.44', head='75.68', medium='85.53', tail='82.69')
]


def run(method='ERM', seed=0, total='50.00', **changes):
    row = dict(config=f'{method}.py', method=method, seed=str(seed), commit='abc', machine='2 CPU cores')
    row.update(dataset='VOC-LT', network='ResNet-50', image_size='128', iterations='968', total=total)
    return {**row, 'head': '60.00', 'medium': '50.00', 'tail': '40.00', **changes}


def test_table_worked_by_hand():
    rows = [run(total='50.00'), run('collaborative', total='55.55'), run(seed=1, total='52.00')]
    assert results.markdown_table(rows, PAPER).splitlines() == [
        '| method | seeds | total | head | medium | tail | paper: total / head / medium / tail |',
        '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
        '| ERM | 2 | 51.00 ± 1.41 | 60.00 ± 0.00 | 50.00 ± 0.00 | 40.00 ± 0.00 | – |',
        '| collaborative | 1 | 55.55 | 60.00 | 50.00 | 40.00 | 81.44 / 75.68 / 85.53 / 82.69 |',
        '',
        'mAP in percent, mean ± standard deviation over seeds; VOC-LT, ResNet-50, 128 px, 968 iterations; '
        'on 2 CPU cores.',
    ]


def test_published_numbers_of_another_set_say_so():
    rows = [run('collaborative', dataset='VOC-LT′')]
    text = '<!-- results:VOC-LT′{} -->\n<!-- /results -->'
    filled = results.fill_markers(text.format(' paper=VOC-LT'), rows, PAPER)
    assert '| paper, on VOC-LT, another data set: total / head / medium / tail |' in filled
    assert '| 81.44 / 75.68 / 85.53 / 82.69 |' in filled
    assert '81.44' not in results.fill_markers(text.format(''), rows, PAPER)


def test_methods_of_few_seeds_can_be_left_out():
    rows = [run('one'), *(run('two', seed=seed) for seed in range(2))]
    filled = results.fill_markers('<!-- results:VOC-LT min_seeds=2 -->\n<!-- /results -->', rows)
    assert '| two | 2 |' in filled and '| one |' not in filled


def test_orders_stand_between_markers_of_their_own():
    text = '<!-- order:VOC-LT steps="ERM < better" image_size=128 -->\nold\n<!-- /order -->\nafter\n'
    rows = [run(), run(seed=1, total='51.00'), run('better', total='52.00', iterations='30')]
    rows.append(run('better', 1, total='53.50', iterations='30'))  # a second stage
    filled = results.fill_markers(text, [*rows, run('better', image_size='224')])
    assert '| ERM < better | 2 | +2.25 ± 0.35 | 2 of 2 |' in filled and filled.endswith(
        '<!-- /order -->\nafter\n'
    )
    assert results.fill_markers(filled, rows) == filled


def test_a_missing_group_is_a_dash():
    table = results.markdown_table([run(tail=''), run(seed=1)])
    assert '| ERM | 2 | 50.00 ± 0.00 | 60.00 ± 0.00 | 50.00 ± 0.00 | – |' in table


def test_markers_choose_rows_and_the_rest_of_the_text_stays():
    text = (
        'before\n<!-- results:VOC-LT image_size=128 -->\nold\n<!-- /results -->\nbetween\n'
        '<!-- results:VOC-LT image_size=224 -->\n<!-- /results -->\nafter\n'
    )
    rows = [run(total='11.00'), run(total='22.00', image_size='224'), run(dataset='COCO-LT', total='33.00')]
    filled = results.fill_markers(text, rows)
    small, large = filled.split('between')
    assert '11.00' in small and '22.00' in large and '33.00' not in filled and 'old' not in filled
    assert filled.startswith('before\n') and filled.endswith('\nafter\n')
    assert results.fill_markers(filled, rows) == filled  # so that --check can pass


def test_a_value_of_several_words_stands_in_quotes():
    rows = [run(total='11.00', network='Lite0, cached'), run(total='22.00', network='Lite0')]
    text = '<!-- results:VOC-LT network="Lite0, cached" -->\n<!-- /results -->'
    assert '11.00' in results.fill_markers(text, rows) and '22.00' not in results.fill_markers(text, rows)


@pytest.mark.parametrize(
    'rows, message',
    [
        ([run(), run('RS', image_size='224')], 'mixes image_size 128 and 224'),
        ([run(), run('RS', iterations='242')], 'mixes iterations 242 and 968'),
        ([run(), run(total='51.00', config='other.py')], "method 'ERM' has several results for one seed"),
        ([run(dataset='COCO-LT')], 'no result for the table "results:VOC-LT"'),
    ],
)
def test_misleading_tables_are_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        results.fill_markers('<!-- results:VOC-LT -->\n<!-- /results -->', rows)


def test_text_without_markers_and_unknown_columns_are_errors():
    with pytest.raises(ValueError, match='no table to fill'):
        results.fill_markers('<!-- results:VOC-LT -->\nnever closed', [run()])
    with pytest.raises(ValueError, match='no column size'):
        results.fill_markers('<!-- results:VOC-LT size=3 -->\n<!-- /results -->', [run()])


def test_csv_round_trip_and_no_run_twice(tmp_path):
    path = tmp_path / 'results.csv'
    rows = [run(method='two branches, λ 0.1'), run(seed=1), run(seed=1, iterations='242')]
    for row in rows:
        results.append_row(path, row)
    assert results.read_rows(path) == rows
    assert path.read_text().splitlines()[0] == ','.join(results.COLUMNS)
    with pytest.raises(ValueError, match='has this run already .*seed 1.*remove its row'):
        results.append_row(path, run(seed=1, total='99.00', commit='def'))
    with pytest.raises(ValueError, match='a result has the columns'):
        results.append_row(path, {'config': 'a.py'})
    assert results.read_rows(path) == rows


def test_malformed_csv_is_named(tmp_path):
    path = tmp_path / 'results.csv'
    path.write_text('config,total\na.py,3\n')
    with pytest.raises(ValueError, match='must have the columns config,method,seed'):
        results.read_rows(path)
    path.write_text(','.join(results.PAPER_COLUMNS) + '\nERM,VOC-LT,1,2,3,4\nRS,VOC-LT,1\n')
    with pytest.raises(ValueError, match='row 3: expected 6 values'):
        results.read_rows(path, results.PAPER_COLUMNS)


SINGLE_PAPER = [
    dict(method='CE', dataset='CIFAR100LT-IF100', top1='38.43', many='', medium='', few=''),
    dict(method='GCL', dataset='CIFAR100LT-IF100', top1='48.71', many='', medium='', few=''),
]


def single(method='CE', seed=0, top1='40.00', **changes):
    row = {column: value for column, value in run(method, seed).items() if column not in results.SCORES}
    row.update(
        dataset='CIFAR100LT-IF100',
        network='CifarResNet-32',
        image_size='',
        top1=top1,
        many='65.00',
        medium='38.00',
        few='9.00',
    )
    return row | changes


def test_single_label_table_worked_by_hand():
    rows = [single(top1='38.00'), single('mixup'), single(seed=1, top1='40.00', few='10.00')]
    assert results.markdown_table(rows, SINGLE_PAPER).splitlines() == [
        '| method | seeds | top1 | many | medium | few | paper: top1 |',
        '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
        '| CE | 2 | 39.00 ± 1.41 | 65.00 ± 0.00 | 38.00 ± 0.00 | 9.50 ± 0.71 | 38.43 |',
        '| mixup | 1 | 40.00 | 65.00 | 38.00 | 9.00 | – |',
        '',
        'Top-1 accuracy in percent, mean ± standard deviation over seeds; CIFAR100LT-IF100, CifarResNet-32, '
        '968 iterations; '
        'on 2 CPU cores.',
    ]


def test_published_scores_that_some_methods_lack_are_dashes():
    paper = [SINGLE_PAPER[0], SINGLE_PAPER[1] | dict(many='60.1', few='30.2')]
    table = results.markdown_table([single(), single('GCL')], paper)
    assert '| paper: top1 / many / few |' in table
    assert '| 38.43 / – / – |' in table and '| 48.71 / 60.1 / 30.2 |' in table
    empty = [SINGLE_PAPER[0] | dict(top1='')]
    assert 'paper' not in results.markdown_table([single()], empty)


def test_a_csv_and_a_table_hold_one_kind_of_run(tmp_path):
    path = tmp_path / 'results.csv'
    rows = [single(), single(seed=1)]
    for row in rows:
        results.append_row(path, row)
    assert results.read_rows(path) == rows
    assert path.read_text().splitlines()[0].endswith('iterations,top1,many,medium,few')
    with pytest.raises(ValueError, match='must have the columns config,.*total,head,medium,tail, got .*top1'):
        results.append_row(path, run())
    with pytest.raises(ValueError, match='has this run already'):
        results.append_row(path, single(top1='99.00'))
    with pytest.raises(ValueError, match='a result has the columns .*,few, got'):
        results.append_row(path, single(total='1.00'))
    assert results.read_rows(path) == rows
    with pytest.raises(ValueError, match='mixes results of single-label and multi-label'):
        results.markdown_table([single(), run('ERM', image_size='', network='CifarResNet-32')])


def test_markers_choose_among_csvs_of_both_kinds():
    text = '<!-- results:{} -->\n<!-- /results -->\n'
    filled = results.fill_markers(text.format('VOC-LT') + text.format('CIFAR100LT-IF100'), [run(), single()])
    assert '| total | head | medium | tail |' in filled and '| top1 | many | medium | few |' in filled

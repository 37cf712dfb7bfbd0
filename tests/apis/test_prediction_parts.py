"""Parts of a long run: whole files, gone on with by the same run only."""

import pytest

from mmlongtail.apis.prediction_parts import PredictionParts

RUN = dict(checkpoint=['a.pth', 3], top_k=None)


def test_records_come_back_in_order_from_parts(tmp_path):
    parts = PredictionParts(tmp_path / 'p', RUN, at_most=2)
    for i in range(5):
        parts.append(dict(path=f'ü{i}', scores=[0.1 * i]))
    assert parts.done == 4 and [item['path'] for item in parts] == ['ü0', 'ü1', 'ü2', 'ü3']
    parts.flush()
    again = PredictionParts(tmp_path / 'p', RUN)
    assert again.done == 5 and list(again)[4] == dict(path='ü4', scores=[0.4])
    again.remove()
    assert not (tmp_path / 'p').exists()


def test_a_part_is_written_after_a_while(tmp_path):
    parts = PredictionParts(tmp_path / 'p', RUN, seconds=0)
    parts.append(dict(path='a'))
    assert parts.done == 1


def test_what_a_killed_process_leaves_half_written_does_not_count(tmp_path):
    PredictionParts(tmp_path / 'p', RUN, at_most=1).append(dict(path='a'))
    (tmp_path / 'p' / f'{1:012d}-{2:012d}.jsonl.part').write_text('{"pa')
    parts = PredictionParts(tmp_path / 'p', RUN)
    assert parts.done == 1
    parts.remove()
    assert not (tmp_path / 'p').exists()


def test_another_run_does_not_go_on_but_begins_anew(tmp_path):
    PredictionParts(tmp_path / 'p', RUN, at_most=1).append(dict(path='a'))
    with pytest.raises(ValueError, match='another run, with top_k=None and not 3: .*--restart'):
        PredictionParts(tmp_path / 'p', dict(RUN, top_k=3))
    assert PredictionParts(tmp_path / 'p', dict(RUN, top_k=3), restart=True).done == 0


def test_missing_and_damaged_parts_are_named(tmp_path):
    parts = PredictionParts(tmp_path / 'p', RUN, at_most=1)
    for name in 'abc':
        parts.append(dict(path=name))
    (tmp_path / 'p' / f'{1:012d}-{2:012d}.jsonl').unlink()
    with pytest.raises(ValueError, match='a part that begins with record 1 is expected'):
        PredictionParts(tmp_path / 'p', RUN)
    (tmp_path / 'p' / 'run.json').write_text('[')
    with pytest.raises(ValueError, match='run.json is damaged'):
        PredictionParts(tmp_path / 'p', RUN)

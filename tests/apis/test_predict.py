"""``mmlongtail predict``: its file beside the inferencer's answers, what cannot be read, interrupted runs."""

import csv
import json
import shutil
from pathlib import Path

import pytest
from tiny_trained import LINEAR, MANY

from mmlongtail.apis import LongTailInferencer, predict
from mmlongtail.apis.predict import main


@pytest.fixture
def pictures(picture_folder, tmp_path) -> Path:
    folder = tmp_path / 'mine'
    shutil.copytree(picture_folder, folder)
    (folder / 'broken.png').write_bytes(b'no picture')
    return folder


def run(checkpoint, pictures, out, *options) -> int:
    return main(
        [*map(str, (checkpoint, pictures, '--out', out, '--device', 'cpu', '--workers', 0)), *options]
    )


def rows(path: Path) -> list[dict]:
    with open(path, newline='', encoding='utf-8') as file:
        return list(csv.DictReader(file))


def test_csv_has_the_inferencers_answers(write_checkpoint, pictures, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr('mmpretrain.utils.progress.disable_progress_bar', True)
    checkpoint, out = write_checkpoint(MANY), tmp_path / 'out' / 'x.csv'
    assert run(checkpoint, pictures, out, '--batch-size', '2') == 0
    found = rows(out)
    assert [row['path'] for row in found] == ['a.png', 'b.png', 'c.png', 'e.png', 'deep/d.png']
    ask = LongTailInferencer(checkpoint, device='cpu')
    for row in found:
        [answer] = ask(str(pictures / row['path']))
        assert row['names'] == ';'.join(answer['names']) and row['groups'] == ';'.join(answer['groups'])
        scores = [float(score) for score in row['scores'].split(';') if score]
        assert scores == pytest.approx(answer['scores'], abs=1e-5)
    [unreadable] = rows(tmp_path / 'out' / 'x.unreadable.csv')
    assert unreadable['path'] == 'broken.png' and 'does not decode' in unreadable['reason']
    said = capsys.readouterr().out
    assert f'5 predictions are in {out}' in said and '1 images cannot be read' in said
    assert sorted(path.name for path in out.parent.iterdir()) == ['x.csv', 'x.unreadable.csv']


def test_json_of_one_picture_with_options(write_checkpoint, picture_folder, tmp_path):
    out = tmp_path / 'x.json'
    options = ['--top-k', '2', '--all-scores', '--tta']
    assert run(write_checkpoint(LINEAR), picture_folder / 'a.png', out, *options) == 0
    [found] = json.loads(out.read_text())
    assert found['path'] == 'a.png' and len(found['names']) == 2 and len(found['all_scores']) == 3
    assert sum(found['all_scores']) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize('error', [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_run_goes_on(error, write_checkpoint, pictures, tmp_path, monkeypatch, capsys):
    checkpoint = write_checkpoint(MANY)
    assert run(checkpoint, pictures, tmp_path / 'whole.csv') == 0
    seen, record = [], predict.record

    def fails_at_the_fourth(path, item, answers):
        if len(seen) == 3:
            raise error
        seen.append(path)
        return record(path, item, answers)

    monkeypatch.setattr(predict, 'record', fails_at_the_fourth)
    if error is KeyboardInterrupt:
        assert run(checkpoint, pictures, tmp_path / 'x.csv') == 130
        assert 'the same command goes on from here' in capsys.readouterr().err
    else:
        with pytest.raises(error):
            run(checkpoint, pictures, tmp_path / 'x.csv')
    assert not (tmp_path / 'x.csv').exists() and len(list((tmp_path / 'x.csv.parts').glob('*.jsonl'))) == 1
    monkeypatch.setattr(predict, 'record', lambda path, *rest: seen.append(path) or record(path, *rest))
    assert run(checkpoint, pictures, tmp_path / 'x.csv', '--top-k', '1') == 2
    assert 'another run, with top_k=None and not 1' in capsys.readouterr().err
    assert run(checkpoint, pictures, tmp_path / 'x.csv') == 0
    assert 'going on after 3 of 6 images' in capsys.readouterr().out
    assert seen == ['a.png', 'b.png', 'broken.png', 'c.png', 'e.png', 'deep/d.png']
    assert (tmp_path / 'x.csv').read_text() == (tmp_path / 'whole.csv').read_text()
    assert not (tmp_path / 'x.csv.parts').exists()


def test_pictures_that_came_since_are_another_run(write_checkpoint, pictures, tmp_path, monkeypatch, capsys):
    checkpoint = write_checkpoint(MANY)
    monkeypatch.setattr(predict, 'write_predictions', lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(checkpoint, pictures, tmp_path / 'x.csv')
    monkeypatch.undo()
    shutil.copy(pictures / 'a.png', pictures / 'new.png')
    assert run(checkpoint, pictures, tmp_path / 'x.csv') == 2
    assert 'pictures=6 and not 7' in capsys.readouterr().err
    assert run(checkpoint, pictures, tmp_path / 'x.csv', '--restart') == 0
    assert len(rows(tmp_path / 'x.csv')) == 6


def test_status_is_2_where_nothing_can_be_read(write_checkpoint, tmp_path, capsys):
    (tmp_path / 'mine').mkdir()
    checkpoint = write_checkpoint(MANY)
    assert run(checkpoint, tmp_path / 'mine', tmp_path / 'x.csv') == 2
    assert 'mine has no images in it' in capsys.readouterr().err
    (tmp_path / 'mine' / 'a.png').write_text('no')
    assert run(checkpoint, tmp_path / 'mine', tmp_path / 'x.csv') == 2
    assert 'none of the 1 images can be read: the reasons are in' in capsys.readouterr().err


def test_wrong_options_are_told_in_a_line(write_checkpoint, picture_folder, tmp_path, capsys):
    checkpoint = write_checkpoint(MANY)
    for options, words in {
        (checkpoint, tmp_path / 'nowhere', 'x.csv'): 'nowhere does not exist',
        (checkpoint, picture_folder, 'x.txt'): 'a name that ends in',
        (checkpoint, picture_folder, 'x.csv', '--batch-size', '0'): '--batch-size 0',
        (checkpoint, picture_folder, 'x.csv', '--expert', '0'): 'has no experts',
        ('missing.pth', picture_folder, 'x.csv'): 'missing.pth can not be found',
    }.items():
        assert run(*options[:2], tmp_path / options[2], *options[3:]) == 2
        assert words in capsys.readouterr().err


def test_a_name_of_any_bytes_is_text(write_checkpoint):
    assert predict.shown_path('ä\udcff.png') == 'ä\\udcff.png'

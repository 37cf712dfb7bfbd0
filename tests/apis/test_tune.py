"""``mmlongtail tune``: thresholds of the scores that prediction gives, stored without a loss, used from then on."""

import csv

import numpy as np
import pytest
import torch
from tiny_trained import CLASSES, EXPERTS, LINEAR, MANY, PIPELINE, training_config

from mmlongtail.apis import LongTailInferencer
from mmlongtail.apis.trained import load_trained
from mmlongtail.apis.tune import main
from mmlongtail.evaluation.functional import class_thresholds

LABELS = {'a.png': 'cat|dog', 'b.png': 'dog', 'c.png': 'cat', 'deep/d.png': 'dog', 'e.png': 'cat'}


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / 'val.csv'
    path.write_text('path,labels\n' + ''.join(f'{name},{cell}\n' for name, cell in LABELS.items()))
    return path


@pytest.fixture
def run(picture_folder):
    def tune(checkpoint, *options) -> int:
        return main([str(checkpoint), *map(str, options), '--device', 'cpu', '--workers', '0'])

    return tune


def scores_by_name(checkpoint, folder, monkeypatch) -> np.ndarray:
    monkeypatch.setattr('mmpretrain.utils.progress.disable_progress_bar', True)
    predict = LongTailInferencer(checkpoint, device='cpu')
    return np.array([predict(str(folder / name), all_scores=True)[0]['all_scores'] for name in LABELS])


def test_thresholds_are_stored_beside_all_else_and_used(
    write_checkpoint, run, labels, picture_folder, tmp_path, capsys, monkeypatch
):
    checkpoint = write_checkpoint(MANY, optimizer=dict(state=dict(a=torch.ones(2))))
    assert run(checkpoint, labels, '--pictures', picture_folder) == 0
    tuned = checkpoint.with_name('epoch_1_tuned.pth')
    before, after = (torch.load(path, weights_only=True) for path in (checkpoint, tuned))
    found = after.pop('class_thresholds')
    assert found['goal'] == 'F1' and found['expert'] is None and found['images'] == 5
    assert after.keys() == before.keys() and after['meta'] == before['meta']
    assert torch.equal(after['optimizer']['state']['a'], torch.ones(2))
    scores = scores_by_name(checkpoint, picture_folder, monkeypatch)
    truth = np.array([[name in cell.split('|') for name in CLASSES] for cell in LABELS.values()])
    # a batch of another size rounds its scores apart
    np.testing.assert_allclose(found['values'], class_thresholds(scores, truth), atol=1e-5)
    np.testing.assert_array_equal(load_trained(tuned).thresholds, np.float32(found['values']))
    said = capsys.readouterr().out
    assert (
        'lynx (no image)' in said
        and f'are in {tuned}' in said
        and 'mean F1 of 2 classes on these images' in said
    )


def test_a_wanted_precision_of_one_expert_in_a_file_of_its_own(
    write_checkpoint, run, labels, picture_folder, tmp_path, capsys
):
    checkpoint, out = write_checkpoint(EXPERTS), tmp_path / 'mine.pth'
    options = ['--pictures', picture_folder, '--precision', '1', '--expert', '1', '--out', out]
    assert run(checkpoint, labels, *options) == 0
    found = torch.load(out, weights_only=True)['class_thresholds']
    assert found['goal'] == 'precision 1' and found['expert'] == 1
    assert load_trained(out, expert=1).thresholds.tolist() == found['values']
    assert load_trained(out).thresholds.tolist() == [0.5] * 3


def test_unreadable_pictures_are_left_out(write_checkpoint, run, labels, picture_folder, tmp_path, capsys):
    checkpoint, found = write_checkpoint(MANY), []
    more = tmp_path / 'more.csv'
    more.write_text(labels.read_text().replace('a.png', 'notes.txt,cat\na.png') + 'gone.png,dog\n')
    for source in (labels, more):
        assert run(checkpoint, source, '--pictures', picture_folder, '--out', tmp_path / 'a.pth') == 0
        found.append(torch.load(tmp_path / 'a.pth', weights_only=True)['class_thresholds'])
    assert found[0] == found[1]
    assert 'note: 1 of 6 images are left out' in capsys.readouterr().out


def test_validation_data_of_the_config(write_checkpoint, run, labels, picture_folder, capsys):
    dataset = dict(
        type='ListFileDataset',
        ann_file=str(labels),
        data_prefix=str(picture_folder),
        classes=list(CLASSES),
        pipeline=PIPELINE,
    )
    cfg = training_config(MANY, val_dataloader=dict(dataset=dataset))
    checkpoint = write_checkpoint(MANY, config=cfg)
    assert run(checkpoint) == 0
    assert 'flatter' not in capsys.readouterr().out
    cfg.test_dataloader = cfg.val_dataloader
    assert run(write_checkpoint(MANY, config=cfg)) == 0
    assert 'warning: the validation data of the config are its test data' in capsys.readouterr().out
    assert run(write_checkpoint(MANY)) == 2
    assert 'has no val_dataloader: name the data' in capsys.readouterr().err


def test_what_cannot_be_tuned_is_told_in_a_line(
    write_checkpoint, run, labels, picture_folder, tmp_path, capsys
):
    assert run(write_checkpoint(LINEAR), labels, '--pictures', picture_folder) == 2
    assert 'is a model of one label per image' in capsys.readouterr().err
    other = tmp_path / 'other.csv'
    with other.open('w', newline='') as file:
        csv.writer(file).writerows([['path', 'cat', 'wolf', 'lynx'], ['a.png', 1, 0, 0]])
    assert run(write_checkpoint(MANY), other, '--pictures', picture_folder) == 2
    assert 'wolf' in capsys.readouterr().err
    other.write_text('path,labels\nnotes.txt,cat|dog\n')
    assert run(write_checkpoint(MANY), other, '--pictures', picture_folder) == 2
    assert 'notes.txt does not decode' in capsys.readouterr().err
    assert run(write_checkpoint(MANY), labels, '--pictures', picture_folder, '--precision', '2') == 2
    assert 'precision is 2' in capsys.readouterr().err


def test_classes_are_found_by_their_names_or_indices(write_checkpoint, run, labels, picture_folder, tmp_path):
    """A header in another order, and a list of indices, tune as the list of names does."""
    checkpoint, found = write_checkpoint(MANY), []
    (tmp_path / 'marks.csv').write_text(
        'path,dog,cat\n' + ''.join(f'{n},{int("dog" in c)},{int("cat" in c)}\n' for n, c in LABELS.items())
    )
    indices = {'cat': '0', 'dog': '1', 'cat|dog': '0 1'}
    (tmp_path / 'indices.txt').write_text(
        ''.join(f'{name} {indices[cell]}\n' for name, cell in LABELS.items())
    )
    for source in (labels, tmp_path / 'marks.csv', tmp_path / 'indices.txt'):
        assert run(checkpoint, source, '--pictures', picture_folder, '--out', tmp_path / 'a.pth') == 0
        found.append(torch.load(tmp_path / 'a.pth', weights_only=True)['class_thresholds']['values'])
    assert found[0] == found[1] == found[2]

"""Scores of the inferencer beside those of the same pixels, normalized by NumPy and run through the bare network."""

import json
import shutil

import cv2
import numpy as np
import pytest
import torch
from tiny_trained import EXPERTS, LINEAR, MANY, training_config

from mmlongtail.apis import LongTailInferencer
from mmlongtail.apis.picture_input import PictureError


@pytest.fixture(autouse=True)
def no_bar(monkeypatch):
    monkeypatch.setattr('mmpretrain.utils.progress.disable_progress_bar', True)


def resized(path) -> np.ndarray:
    return cv2.resize(cv2.imread(str(path)), (12, 12), interpolation=cv2.INTER_LINEAR)


def close(found: list, expected: torch.Tensor) -> None:
    torch.testing.assert_close(
        torch.tensor([item['all_scores'] for item in found]), expected, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize('head', [LINEAR, MANY], ids=['one label', 'many'])
def test_scores_of_files_arrays_and_folders(head, write_checkpoint, picture_folder, by_hand):
    predict = LongTailInferencer(write_checkpoint(head), device='cpu')
    paths = [picture_folder / name for name in ('a.png', 'b.png', 'c.png', 'e.png', 'deep/d.png')]
    logits = by_hand(predict.model, [resized(path) for path in paths])
    expected = logits.softmax(1) if head is LINEAR else logits.sigmoid()
    for inputs, size in (paths, 2), ([cv2.imread(str(path)) for path in paths], 3), (str(picture_folder), 1):
        found = predict(inputs, batch_size=size, all_scores=True)
        close(found, expected)
        assert json.loads(json.dumps(found)) == found
    assert [item['path'] for item in found] == list(map(str, paths))
    [single] = predict(paths[0], all_scores=True)
    ranked = expected[0].argsort(descending=True).tolist()
    assert single['indices'] == (ranked if head is LINEAR else [k for k in ranked if expected[0, k] >= 0.5])
    assert predict(str(paths[0]), top_k=1)[0]['names'] == [single['names'][0]]
    [sample] = predict(paths[0], return_datasamples=True)
    assert sample.pred_label.tolist() == single['indices']


def test_one_expert_and_all(write_checkpoint, picture_folder, by_hand):
    path, picture = write_checkpoint(EXPERTS), picture_folder / 'a.png'
    ensemble = LongTailInferencer(path, device='cpu')
    logits = by_hand(ensemble.model, [resized(picture)])[:, 0]  # (experts, 1, K)
    close(ensemble(picture, all_scores=True), logits.mean(0).sigmoid())
    close(LongTailInferencer(path, device='cpu', expert=1)(picture, all_scores=True), logits[1].sigmoid())


FLIPS = [dict(type='RandomFlip', prob=0.0), dict(type='RandomFlip', prob=1.0)]
VIEWS = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(12, 12)),
    dict(type='TestTimeAug', transforms=[FLIPS, [dict(type='PackInputs')]]),
]


@pytest.mark.parametrize(
    'tta, config',
    [
        (True, training_config(MANY)),
        (True, training_config(MANY, tta_pipeline=VIEWS, tta_model=dict(type='AverageClsScoreTTA'))),
        (False, training_config(MANY, VIEWS)),
    ],
    ids=['a flip', "the config's", 'the test pipeline'],
)
def test_views_are_averaged(tta, config, write_checkpoint, picture_folder, by_hand):
    predict = LongTailInferencer(write_checkpoint(MANY, config=config), device='cpu', tta=tta)
    image = resized(picture_folder / 'b.png')
    logits = by_hand(predict.trained.model, [image, image[:, ::-1]])
    close(predict(str(picture_folder / 'b.png'), all_scores=True), logits.sigmoid().mean(0, keepdim=True))


def test_sizes_are_kept_where_the_pipeline_keeps_them(write_checkpoint, picture_folder, by_hand):
    """And a pipeline that opens no file belongs to a data set of RGB arrays."""
    config = training_config(MANY, [dict(type='PackInputs')])
    config.data_preprocessor.to_rgb = False  # as in the configs of such sets
    predict = LongTailInferencer(write_checkpoint(MANY, config=config), device='cpu')
    paths = [picture_folder / name for name in ('a.png', 'b.png', 'c.png')]
    one_by_one = [by_hand(predict.model, cv2.imread(str(path))[None]) for path in paths]
    close(predict(paths, batch_size=3, all_scores=True), torch.cat(one_by_one).sigmoid())


def test_pictures_are_drawn_with_their_labels(write_checkpoint, picture_folder, tmp_path):
    predict = LongTailInferencer(write_checkpoint(MANY), device='cpu')
    predict(str(picture_folder / 'deep' / 'd.png'), show_dir=str(tmp_path / 'drawn'), resize=64)
    assert cv2.imread(str(tmp_path / 'drawn' / 'd.png')).std() > 5


def test_bad_input_is_named(write_checkpoint, picture_folder, tmp_path):
    predict = LongTailInferencer(write_checkpoint(MANY), device='cpu')
    shutil.copy(picture_folder / 'notes.txt', tmp_path / 'a.png')
    with pytest.raises(PictureError, match='a.png does not decode as a picture'):
        predict(str(tmp_path / 'a.png'))
    with pytest.raises(PictureError, match='missing.png is missing'):
        predict('missing.png')
    for array in np.zeros((4, 4, 3)), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8):
        with pytest.raises(PictureError, match='uint8 .H, W, 3. BGR'):
            predict(array)
    with pytest.raises(ValueError, match='batch_size is 0'):
        predict('a.png', batch_size=0)
    with pytest.raises(ValueError, match='unknown argument'):
        predict('a.png', topk=1)

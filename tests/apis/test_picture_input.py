"""From pictures to inputs: which pipeline, which order of colors, which files."""

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from tiny_trained import MANY, PIPELINE, training_config

from mmlongtail.apis.picture_input import (
    PictureError,
    PictureInput,
    picture_files,
    same_size_batches,
)
from mmlongtail.apis.picture_input import (
    test_pipeline as pipeline_of,
)


def test_pipeline_is_that_of_the_test_inside_wrappers_else_of_the_validation():
    inner = dict(dataset=dict(type='RepeatDataset', dataset=dict(type='A', pipeline=[dict(type='Test')])))
    other = dict(dataset=dict(pipeline=[dict(type='Val')]))
    assert pipeline_of(Config(dict(test_dataloader=inner, val_dataloader=other)))[0]['type'] == 'Test'
    assert pipeline_of(Config(dict(test_dataloader=None, val_dataloader=other)))[0]['type'] == 'Val'
    with pytest.raises(ValueError, match='no test_dataloader.dataset.pipeline'):
        pipeline_of(Config(dict(model=dict(type='A'))))


def test_files_are_read_as_the_pipeline_says(picture_folder):
    gray = [dict(type='LoadImageFromFile', color_type='grayscale'), *PIPELINE[1:]]
    read = PictureInput(training_config(MANY, gray))
    assert read(picture_folder / 'b.png')['inputs'].shape == (1, 12, 12)
    sample = PictureInput(training_config(MANY))(picture_folder / 'b.png')['data_samples']
    assert sample.img_path == str(picture_folder / 'b.png') and sample.ori_shape == (20, 9)


@pytest.mark.parametrize(
    'loading', [dict(), dict(color_type='grayscale'), dict(to_float32=True), dict(imdecode_backend='pillow')]
)
def test_what_is_in_a_file_is_read_as_the_file(loading, picture_folder):
    path = picture_folder / 'b.png'
    for steps in (PIPELINE[1:], PIPELINE[2:]):
        read = PictureInput(training_config(MANY, [dict(type='LoadImageFromFile', **loading), *steps]))
        of_file, of_bytes = read(path), read(path.read_bytes())
        assert torch.equal(of_bytes['inputs'], of_file['inputs'])
        assert of_bytes['inputs'].dtype == of_file['inputs'].dtype
        assert of_bytes['data_samples'].ori_shape == of_file['data_samples'].ori_shape == (20, 9)
    for content, words in ((b'', 'does not decode'), (path.read_bytes()[:50], 'longer than the file')):
        with pytest.raises(PictureError, match=f'^the file .*{words}'):
            read(content)


def test_a_pipeline_that_opens_nothing_gets_rgb():
    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    as_it_is, swapped = (
        PictureInput(training_config(MANY, pipeline))(picture)['inputs'].permute(1, 2, 0).numpy()
        for pipeline in ([PIPELINE[0], PIPELINE[2]], [PIPELINE[2]])
    )
    np.testing.assert_array_equal(as_it_is, picture)
    np.testing.assert_array_equal(swapped, picture[..., ::-1])


def test_gray_arrays_have_three_equal_channels():
    gray = np.arange(144, dtype=np.uint8).reshape(12, 12)
    inputs = PictureInput(training_config(MANY))(gray)['inputs']
    assert all(np.array_equal(channel, gray) for channel in inputs.numpy())


def test_what_fails_in_the_pipeline_is_named(picture_folder):
    read = PictureInput(training_config(MANY))
    read.transforms = lambda results: 1 / 0
    with pytest.raises(PictureError, match="a.png does not pass the config's test pipeline: ZeroDivision"):
        read(picture_folder / 'a.png')


def test_pictures_larger_than_memory_are_refused(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((11_000, 10_000), np.uint8))
    with pytest.raises(PictureError, match='a.png is too large'):
        PictureInput(training_config(MANY))(tmp_path / 'a.png')


def test_batches_are_of_one_size():
    items = [dict(inputs=torch.full((3, size, 4), float(i))) for i, size in enumerate((4, 4, 5, 4))]
    batches = [batch['inputs'] for batch in same_size_batches(items)]
    assert [tuple(batch.shape[::2]) for batch in batches] == [(2, 4), (1, 5), (1, 4)]
    assert [value for batch in batches for value in batch[:, 0, 0, 0].tolist()] == [0, 1, 2, 3]


def test_all_pictures_of_a_folder_in_order(tmp_path):
    for name in ('b/2.JPG', 'b/1.webp', 'a.png', 'c.txt', 'a/z.jpeg'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert list(picture_files(str(tmp_path))) == ['a.png', 'a/z.jpeg', 'b/1.webp', 'b/2.JPG']

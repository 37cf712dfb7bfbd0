"""Sizes and spans by hand."""

import cv2
import numpy as np
import pytest

from mmlongtail.apis.own_data import plan


@pytest.fixture
def files(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((32, 300, 3), np.uint8))
    return [str(tmp_path / 'a.png')]


@pytest.mark.parametrize(('gpu', 'size', 'epochs'), [(False, 96, 15), (True, 128, 45)])
def test_small_pictures(files, monkeypatch, gpu, size, epochs):
    monkeypatch.setattr('torch.cuda.is_available', lambda: gpu)
    monkeypatch.setattr('torch.cuda.get_device_name', lambda: 'one')
    made = plan.make_plan(files, 400)
    assert (made.size, made.epochs, made.batch) == (size, epochs, 32)


@pytest.mark.parametrize(('images', 'epochs'), [(1_000, 15), (1_001, 8), (100_001, 3)])
def test_epochs_by_size(files, monkeypatch, images, epochs):
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)
    assert plan.make_plan(files, images).epochs == epochs
    assert plan.make_plan(files, images, size=50, epochs=2).epochs == 2


@pytest.mark.parametrize(('text', 'seconds'), [('90s', 90), ('5m', 300), ('1.5 h', 5400)])
def test_spans(text, seconds):
    assert plan.seconds_of(text) == seconds


@pytest.mark.parametrize('text', ['', '5', 'm', '-1m', '0s', '5 minutes'])
def test_no_spans(text):
    with pytest.raises(ValueError, match='--time'):
        plan.seconds_of(text)

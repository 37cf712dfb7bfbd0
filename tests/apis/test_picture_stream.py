"""Scores of many files by worker processes: as one by one, in order, with those that cannot be read in their place."""

import os

import numpy as np
import pytest
from tiny_trained import MANY

from mmlongtail.apis import LongTailInferencer
from mmlongtail.apis.picture_input import PictureError
from mmlongtail.apis.picture_stream import PathList, stream_scores


@pytest.mark.parametrize('workers', [0, 2])
def test_scores_are_those_of_single_pictures(workers, write_checkpoint, picture_folder, monkeypatch):
    monkeypatch.setattr('mmpretrain.utils.progress.disable_progress_bar', True)
    predict = LongTailInferencer(write_checkpoint(MANY), device='cpu')
    names = ['a.png', 'notes.txt', 'b.png', 'missing.png', 'deep/d.png']
    found = list(stream_scores(predict, names, str(picture_folder), batch_size=2, workers=workers))
    assert [isinstance(item, PictureError) for item in found] == [False, True, False, True, False]
    for i in (0, 2, 4):
        [alone] = predict(str(picture_folder / names[i]), all_scores=True)
        np.testing.assert_allclose(found[i], alone['all_scores'], rtol=1e-5)
    later = list(stream_scores(predict, names, str(picture_folder), first=3, batch_size=2, workers=workers))
    assert str(later[0]).endswith('missing.png is missing')
    np.testing.assert_allclose(later[1], found[4], rtol=1e-5)


def test_a_list_of_paths():
    names = ['a', '', 'ä/b', os.fsdecode(b'\xff.png')]
    paths = PathList(iter(names))
    assert list(paths) == names and len(paths) == 4 and paths[3] == names[3]
    assert paths.digest() == PathList(names).digest()
    assert (
        len({PathList(some).digest() for some in (names, names[::-1], names[1:], ['ab'], ['a', 'b'], [])})
        == 6
    )
    with pytest.raises(IndexError):
        paths[4]

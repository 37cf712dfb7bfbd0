"""Which rows the page gets of a model, worked out from all its scores."""

import pytest
from tiny_trained import EXPERTS, LINEAR, MANY

from mmlongtail.apis.serve import page_models
from mmlongtail.apis.serve.page_models import PageModels


def names(rows: list[dict]) -> list[str]:
    return [row['name'] for row in rows]


@pytest.fixture
def by_score(picture_folder, monkeypatch):
    """Names and scores of all classes, the best first, by the inferencer; and the bytes of the picture."""
    monkeypatch.setattr('mmpretrain.utils.progress.disable_progress_bar', True)
    path = picture_folder / 'b.png'

    def ask(model) -> tuple[bytes, list[str], list[float]]:
        [answer] = model.inferencer(str(path), top_k=3)
        return path.read_bytes(), answer['names'], answer['scores']

    return ask


def test_others_fill_up_below_the_thresholds(write_checkpoint, served, by_score, monkeypatch):
    content, ranked, scores = by_score(served(write_checkpoint(MANY)))
    place = dict(cat=0, dog=1, lynx=2)[ranked[1]]
    values = [1.0, 1.0, 1.0]
    values[place] = scores[1] / 2  # only the second best is over its threshold
    model = served(write_checkpoint(MANY, class_thresholds=dict(values=values, goal='F1', expert=None)))
    found = model.predict(content)
    assert names(found['labels']) == [ranked[1]] and names(found['others']) == [ranked[0], ranked[2]]
    assert found['labels'][0]['threshold'] == pytest.approx(scores[1] / 2)
    assert [row['score'] for row in found['others']] == pytest.approx([scores[0], scores[2]], abs=1e-6)
    monkeypatch.setattr(page_models, 'TOP_K', 2)
    assert names(model.predict(content)['others']) == [ranked[0]]
    monkeypatch.setattr(page_models, 'TOP_K', 1)
    assert model.predict(content)['others'] == []


@pytest.mark.parametrize(
    'head, options, number',
    [
        (MANY, dict(top_k=2), 2),
        (dict(MANY, topk=1), {}, 1),
        (LINEAR, {}, 3),
        (LINEAR, dict(top_k=1), 1),
        (EXPERTS, dict(top_k=3), 3),
    ],
    ids=['--top-k', "the head's topk", 'one label', 'one label, --top-k', 'experts'],
)
def test_a_number_of_labels_leaves_no_others(head, options, number, write_checkpoint, served, by_score):
    model = served(write_checkpoint(head), **options)
    content, ranked, scores = by_score(model)
    found = model.predict(content)
    assert names(found['labels']) == ranked[:number] and found['others'] == []
    assert [row['score'] for row in found['labels']] == pytest.approx(scores[:number], abs=1e-6)


def test_there_is_a_model():
    with pytest.raises(ValueError, match='number of models is 0'):
        PageModels([])

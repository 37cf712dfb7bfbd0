import numpy as np
import pytest

from mmlongtail.models.heads.label_graph import label_graph


def papers_formula(cooccurrence, tau, p):
    """Eq. (6), (7), (8) and the normalization of eq. (3), entry by entry."""
    size = len(cooccurrence)
    weights = [[0.0] * size for _ in range(size)]
    for i in range(size):
        images = int(cooccurrence[i][i])
        near = [j for j in range(size) if j != i and images and cooccurrence[i][j] / images >= tau]
        for j in near:
            weights[i][j] = p / len(near)
        weights[i][i] = 1 - p if near else 1.0
    degrees = [sum(row) for row in weights]
    return [
        [degrees[i] ** -0.5 * weights[i][j] * degrees[j] ** -0.5 for j in range(size)] for i in range(size)
    ]


def random_cooccurrence(seed=0, images=60, classes=9):
    """Class 3 has no image, class 5 is always alone."""
    labels = np.random.default_rng(seed).random((images, classes)) < np.linspace(0.1, 0.7, classes)
    labels[:, [3, 5]] = False
    labels[:5] = np.arange(classes) == 5
    return labels.T.astype(np.int64) @ labels.astype(np.int64)


def test_hand_worked_case():
    # P(b|a) is 4/10, just enough, P(c|a) 1/10; P(a|b) 4/5, P(c|b) 2/5; P(a|c) 1/4, P(b|c) 2/4.
    graph = label_graph(np.array([[10, 4, 1], [4, 5, 2], [1, 2, 4]]), threshold=0.4, neighbor_weight=0.2)
    np.testing.assert_allclose(graph, [[0.8, 0.2, 0], [0.1, 0.8, 0.1], [0, 0.2, 0.8]], rtol=1e-12)


@pytest.mark.parametrize('tau', [0.05, 0.4, 1.0])
@pytest.mark.parametrize('p', [0.0, 0.2, 1.0])
def test_is_the_papers_formula(tau, p):
    cooccurrence = random_cooccurrence()
    np.testing.assert_allclose(
        label_graph(cooccurrence, tau, p), papers_formula(cooccurrence.tolist(), tau, p), rtol=0, atol=1e-12
    )


def test_classes_without_image_or_neighbor_listen_to_themselves():
    graph = label_graph(random_cooccurrence(), 0.1, 0.2)
    for alone in (3, 5):
        assert graph[alone].tolist() == np.eye(9)[alone].tolist()
    assert ((graph > 0).sum(1) > 1).sum() > 3  # the others do have neighbors
    assert graph[:, 3].sum() == 1  # and nobody else listens to a class without images


def test_one_class():
    assert label_graph(np.array([[7]]), 0.4, 0.2).tolist() == [[1.0]]
    assert label_graph(np.array([[0]]), 0.4, 0.2).tolist() == [[1.0]]

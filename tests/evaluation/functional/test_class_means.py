import numpy as np

from mmlongtail.evaluation.functional import class_means


def test_each_class_by_itself():
    rng = np.random.default_rng(0)
    labels, values = rng.integers(0, 7, 200), rng.normal(size=200)
    labels[labels == 3] = 4
    with np.errstate(all='raise'):  # not even a warning of the classes without images
        class_means(values, labels, 9)
    expected = [values[labels == k].mean() if (labels == k).any() else np.nan for k in range(9)]
    np.testing.assert_allclose(class_means(values, labels, 9), expected)
    assert np.isnan(class_means(values, labels, 9)[[3, 7, 8]]).all()


def test_truth_values_and_no_images():
    np.testing.assert_array_equal(
        class_means(np.array([True, False, True]), np.array([1, 1, 0]), 2), [1, 0.5]
    )
    assert np.isnan(class_means(np.empty(0), np.empty(0, int), 2)).all()

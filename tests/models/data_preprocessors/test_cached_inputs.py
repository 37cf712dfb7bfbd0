"""Batches of features and of images through one preprocessor."""

import pytest
import torch
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from mmlongtail.models.data_preprocessors.cached_inputs import accept_features

NORMAL = dict(mean=[1.0, 2.0, 3.0], std=[2.0] * 3, num_classes=3)
SEVERAL = dict(
    type='BatchAugmentPreprocessor',
    num_views=2,
    augments=[dict(type='BatchRandomCrop', crop_size=4, padding=1)],
)


def samples(n=2) -> list[DataSample]:
    return [DataSample().set_gt_label([i]) for i in range(n)]


def build(**config):
    preprocessor = MODELS.build(dict(dict(type='ClsDataPreprocessor', **NORMAL), **config))
    accept_features(preprocessor)
    accept_features(preprocessor)  # once is enough
    return preprocessor


@pytest.mark.parametrize('stacked', [True, False])
def test_features_become_rows_view_after_view(stacked):
    features = torch.randn(2, 3, 5, dtype=torch.float16)
    inputs = features if stacked else list(features)
    batch = build(to_onehot=True)(
        dict(inputs=inputs, data_samples=samples(), cached=[True] * 2), training=True
    )
    assert batch['inputs'].dtype == torch.float32
    expected = [features[i, view] for view in range(3) for i in range(2)]
    assert torch.equal(batch['inputs'], torch.stack(expected).float())
    assert [sample.gt_score.tolist() for sample in batch['data_samples']] == [[1, 0, 0], [0, 1, 0]]


def test_images_stay_images():
    images = torch.randint(0, 256, (2, 3, 4, 4), dtype=torch.uint8)
    plain = MODELS.build(dict(type='ClsDataPreprocessor', **NORMAL))
    data = dict(inputs=images, data_samples=samples())
    assert torch.equal(build()(data, training=True)['inputs'], plain(data, training=True)['inputs'])


def test_samples_of_several_views_and_no_augmentation_of_features():
    preprocessor = build(**SEVERAL)
    features = torch.randn(2, 2, 5)
    batch = preprocessor(dict(inputs=features, data_samples=samples(), cached=[True] * 2), training=True)
    assert torch.equal(batch['inputs'], features.transpose(0, 1).flatten(0, 1))
    assert [sample.gt_label.item() for sample in batch['data_samples']] == [0, 1, 0, 1]
    assert len(preprocessor.augments) == 1
    images = dict(inputs=torch.zeros(2, 3, 4, 4, dtype=torch.uint8), data_samples=samples())
    assert preprocessor(images, training=True)['inputs'].shape == (4, 3, 4, 4)

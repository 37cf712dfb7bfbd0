"""The preprocessor against the host's own, with and without augmentation, views and mixup."""

import numpy as np
import pytest
import torch
from mmengine.dataset import default_collate, pseudo_collate
from mmengine.registry import DefaultScope
from mmpretrain.datasets.transforms import PackInputs
from mmpretrain.models import ClsDataPreprocessor
from mmpretrain.registry import MODELS, TRANSFORMS
from mmpretrain.structures import DataSample
from torch import nn

from mmlongtail.models.data_preprocessors import BatchAugmentPreprocessor

NORM = dict(mean=[120.0, 110.0, 100.0], std=[50.0, 60.0, 70.0], to_rgb=True)
AUGMENTS = [dict(type='BatchRandomCrop', padding=1), dict(type='BatchRandomFlip', prob=0.5)]


class Brighter(nn.Module):
    """Adds one to the k-th row of a batch k times, so that it shows who is where."""

    def forward(self, images):
        return images + torch.arange(len(images), dtype=images.dtype).view(-1, 1, 1, 1)


@pytest.fixture
def batch() -> dict:
    inputs = torch.randint(
        0, 200, (3, 3, 6, 6), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    return dict(inputs=inputs, data_samples=[DataSample().set_gt_label(k) for k in (2, 0, 1)])


def labels(result: dict) -> list[int]:
    return [sample.gt_label.item() for sample in result['data_samples']]


@pytest.mark.parametrize('training', [True, False])
@pytest.mark.parametrize('more', [{}, dict(to_onehot=True, num_classes=3)])
def test_without_augments_it_is_the_hosts(batch, training, more):
    copies = dict(batch, data_samples=[sample.new() for sample in batch['data_samples']])
    ours = BatchAugmentPreprocessor(**NORM, **more)(batch, training)
    host = ClsDataPreprocessor(**NORM, **more)(copies, training)
    torch.testing.assert_close(ours['inputs'], host['inputs'])
    assert labels(ours) == labels(host) == [2, 0, 1]
    for one, other in zip(ours['data_samples'], host['data_samples']):
        assert ('gt_score' in one) == ('gt_score' in other) == bool(more)
        assert not more or torch.equal(one.gt_score, other.gt_score)


def test_a_test_is_not_augmented(batch):
    model = MODELS.build(dict(type='BatchAugmentPreprocessor', **NORM, augments=AUGMENTS, num_views=4))
    result = model(batch, training=False)
    torch.testing.assert_close(result['inputs'], ClsDataPreprocessor(**NORM)(batch)['inputs'])


def test_views_stand_in_blocks(batch):
    model = BatchAugmentPreprocessor(num_views=4)
    model.augments.append(Brighter())
    result = model(batch, training=True)
    expected = [batch['inputs'][i].float() + 3 * view + i for view in range(4) for i in range(3)]
    torch.testing.assert_close(result['inputs'], torch.stack(expected))
    assert labels(result) == [2, 0, 1] * 4
    assert len({id(sample) for sample in result['data_samples']}) == 12


def test_views_have_the_metainfo_of_their_image(batch):
    given = batch['data_samples'][0]
    given.set_field('cat.png', 'img_path', field_type='metainfo')
    samples = BatchAugmentPreprocessor(num_views=3)(batch, True)['data_samples']
    assert [sample.get('img_path') for sample in samples] == ['cat.png', None, None] * 3


@pytest.mark.parametrize('listed', [False, True])
def test_mirrored_views_are_those_of_the_hosts_batch(batch, listed):
    """Pixel for pixel the host's batch and its mirror image, from a loader's tensor or list."""
    host = ClsDataPreprocessor(**NORM)(dict(batch), True)['inputs']
    given = dict(batch, inputs=list(batch['inputs'])) if listed else batch
    result = BatchAugmentPreprocessor(**NORM, num_views=2, mirrored=True)(given, True)
    torch.testing.assert_close(result['inputs'], torch.cat([host, host.flip(-1)]))
    assert labels(result) == [2, 0, 1] * 2 and len({id(sample) for sample in result['data_samples']}) == 6


def test_mirror_images_of_augmented_and_mixed_views(batch):
    mixup = dict(augments=dict(type='Mixup', alpha=1.0))
    model = BatchAugmentPreprocessor(
        augments=AUGMENTS, num_views=6, mirrored=True, num_classes=3, batch_augments=mixup
    )
    torch.manual_seed(0)
    data = model(batch, True)
    first, second = data['inputs'].view(2, 9, 3, 6, 6)
    assert torch.equal(first.flip(-1), second) and len(first.flatten(1).unique(dim=0)) == 9
    scores = torch.stack([sample.gt_score for sample in data['data_samples']]).view(2, 9, 3)
    assert torch.equal(scores[0], scores[1])
    assert len(model(batch, False)['inputs']) == 3


@pytest.mark.parametrize(
    ('settings', 'kept'),
    [
        (dict(num_views=4), True),
        (dict(num_views=1, batch_augments=True), True),
        (dict(num_views=2, mirrored=True, batch_augments=True), True),
        (dict(num_views=2, batch_augments=True), False),
        (dict(num_views=4, mirrored=True, batch_augments=True), False),
        (dict(num_views=4, mirrored=True, batch_augments=True, share_mix=True), True),
    ],
)
def test_whether_the_views_of_an_image_keep_one_label(batch, settings, kept):
    """What it says, and what a batch has."""
    if settings.get('batch_augments'):
        settings = dict(settings, batch_augments=dict(augments=dict(type='Mixup', alpha=1.0)))
    model = BatchAugmentPreprocessor(num_classes=3, to_onehot=True, **settings)
    torch.manual_seed(0)
    np.random.seed(0)
    scores = torch.stack([sample.gt_score for sample in model(batch, True)['data_samples']])
    scores = scores.view(model.num_views, 3, 3)
    assert model.keeps_labels is kept is torch.equal(scores, scores[:1].expand_as(scores))


@pytest.mark.parametrize('more', [{}, dict(to_onehot=True, num_classes=3)])
def test_the_samples_of_the_loader_stay(batch, more):
    """They may be those that the data set keeps."""
    given = batch['data_samples'][0]
    tensor = given.gt_label
    result = BatchAugmentPreprocessor(num_views=2, **more)(batch, True)
    assert given.all_keys() == ['gt_label'] and given.gt_label is tensor
    assert all(sample is not given for sample in result['data_samples'])


@pytest.mark.parametrize('training, views', [(True, 1), (False, 4)])
def test_one_view_and_a_test_keep_the_samples(batch, training, views):
    assert len(BatchAugmentPreprocessor(num_views=views)(batch, training)['data_samples']) == 3


class Shifted:
    """The k-th call adds k to a picture, so that it shows which call it comes from."""

    def __init__(self):
        self.calls = 0

    def __call__(self, results: dict) -> dict:
        self.calls += 1
        return dict(results, img=results['img'] + self.calls)


@pytest.mark.parametrize('collate', [default_collate, pseudo_collate])
def test_views_of_the_pipeline_stand_in_blocks(collate):
    views = TRANSFORMS.build(dict(type='MultiView', num_views=4, transforms=[[Shifted()]]))
    pictures = [np.full((5, 6, 3), 40 * i, np.uint8) for i in range(3)]
    items = [PackInputs()(views(dict(img=picture, gt_label=i))) for i, picture in enumerate(pictures)]
    result = BatchAugmentPreprocessor(num_views=4)(collate(items), True)
    # picture i is shifted by the calls 4 i + 1 to 4 i + 4, one per view
    expected = [40 * i + 4 * i + view + 1 for view in range(4) for i in range(3)]
    assert result['inputs'].shape == (12, 3, 5, 6)
    assert result['inputs'].flatten(1).unique(dim=1).squeeze(1).tolist() == expected
    assert labels(result) == [0, 1, 2] * 4


@pytest.mark.parametrize('collate', [default_collate, pseudo_collate])
def test_the_documented_pipeline(tmp_path, collate):
    """As in a config: the host's transforms by name, and its loading."""
    cv2 = pytest.importorskip('cv2')
    picture = np.random.RandomState(0).randint(0, 256, (40, 50, 3), np.uint8)
    cv2.imwrite(str(tmp_path / '0.png'), picture)
    crop = [dict(type='RandomResizedCrop', scale=32), dict(type='RandomFlip', prob=0.5)]
    views = dict(type='MultiView', num_views=4, transforms=[crop])
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        config = [dict(type='LoadImageFromFile'), views, dict(type='PackInputs')]
        load, several, pack = [TRANSFORMS.build(step) for step in config]
    np.random.seed(0)
    items = [
        pack(several(load(dict(img_path=str(tmp_path / '0.png'), gt_label=k, sample_idx=k)))) for k in (2, 0)
    ]
    data = BatchAugmentPreprocessor(num_views=4, **NORM)(collate(items), True)
    assert data['inputs'].shape == (8, 3, 32, 32)
    assert len(data['inputs'].flatten(1).unique(dim=0)) == 8  # each was cropped on its own
    for row, (inputs, sample) in enumerate(zip(data['inputs'], data['data_samples'])):
        view, image = divmod(row, 2)
        host = ClsDataPreprocessor(**NORM)(dict(inputs=[items[image]['inputs'][view]]))
        torch.testing.assert_close(inputs, host['inputs'][0])
        assert (sample.sample_idx, sample.gt_label.item()) == ((2, 0)[image],) * 2


def test_views_of_the_pipeline_are_augmented_too(batch):
    model = BatchAugmentPreprocessor(num_views=2)
    model.augments.append(Brighter())
    views = [batch['inputs'], batch['inputs'] + 50]
    result = model(dict(batch, inputs=views), True)['inputs']
    expected = torch.cat(views).float() + torch.arange(6.0).view(6, 1, 1, 1)
    torch.testing.assert_close(result, expected)


def test_views_are_augmented_independently(batch):
    torch.manual_seed(0)
    views = BatchAugmentPreprocessor(augments=AUGMENTS, num_views=16)(batch, True)['inputs'].view(16, -1)
    assert len(views.unique(dim=0)) == 16


def test_mixup_gives_each_view_its_own_labels(batch):
    mixup = dict(augments=dict(type='Mixup', alpha=1.0))
    torch.manual_seed(0)
    model = BatchAugmentPreprocessor(num_views=2, num_classes=3, to_onehot=True, batch_augments=mixup)
    scores = torch.stack([sample.gt_score for sample in model(batch, True)['data_samples']])
    assert scores.shape == (6, 3)
    torch.testing.assert_close(scores.sum(1), torch.ones(6))
    # The mixing ratio is the same for all, its partner is not: a row is lam at its label and 1 - lam at another's.
    assert all(row[k] > 0 for row, k in zip(scores, [2, 0, 1] * 2))


def test_views_that_are_mixed_alike_keep_a_common_label(batch):
    mixup = dict(augments=dict(type='Mixup', alpha=1.0))
    torch.manual_seed(0)
    model = BatchAugmentPreprocessor(
        num_views=2, share_mix=True, num_classes=3, to_onehot=True, batch_augments=mixup
    )
    data = model(batch, True)
    scores = torch.stack([sample.gt_score for sample in data['data_samples']]).view(2, 3, 3)
    assert torch.equal(scores[0], scores[1])
    pictures = batch['inputs'].float()
    own = scores[0][:, [2, 0, 1]]  # the labels of the pictures, in their order
    plain = torch.tensordot(own, pictures, dims=1)
    torch.testing.assert_close(data['inputs'].view(2, *plain.shape), plain.expand(2, *plain.shape))
    tested = model(dict(batch), False)
    assert len(tested['inputs']) == 3


def test_list_of_pictures_as_from_the_hosts_loader(batch):
    model = BatchAugmentPreprocessor(**NORM, augments=AUGMENTS)
    torch.manual_seed(3)
    stacked = model(batch, True)['inputs']
    torch.manual_seed(3)
    listed = model(dict(batch, inputs=list(batch['inputs'])), True)['inputs']
    torch.testing.assert_close(stacked, listed)


def test_the_batch_of_the_loader_stays(batch):
    before = batch['inputs'].clone()
    BatchAugmentPreprocessor(**NORM, augments=[*AUGMENTS, dict(type='BatchAutoAugment', policies='cifar10')])(
        batch, True
    )
    assert torch.equal(batch['inputs'], before)


def test_pictures_without_labels(batch):
    result = BatchAugmentPreprocessor(num_views=2)(dict(inputs=batch['inputs']), True)
    assert len(result['inputs']) == 6 and result['data_samples'] is None


def test_a_classifier_trains_with_it(batch):
    model = MODELS.build(
        dict(
            type='ImageClassifier',
            data_preprocessor=dict(
                type='BatchAugmentPreprocessor', **NORM, augments=AUGMENTS, num_views=2, num_classes=3
            ),
            backbone=dict(type='CifarResNet', depth=20),
            neck=dict(type='GlobalAveragePooling'),
            head=dict(type='LinearClsHead', num_classes=3, in_channels=64),
            train_cfg=dict(augments=dict(type='Mixup', alpha=1.0)),
        )
    )
    data = model.data_preprocessor(batch, True)
    assert data['inputs'].shape == (6, 3, 6, 6) and 'gt_score' in data['data_samples'][0]
    model(**data, mode='loss')['loss'].backward()
    assert model.backbone.conv1.weight.grad.abs().sum() > 0


@pytest.mark.parametrize(
    'run, named',
    [
        (lambda: BatchAugmentPreprocessor(num_views=0), 'num_views is 0'),
        (
            lambda: BatchAugmentPreprocessor(num_views=3, mirrored=True),
            'num_views is 3, expected an even number',
        ),
        (lambda: BatchAugmentPreprocessor(mirrored='yes'), "mirrored is 'yes'"),
        (
            lambda: BatchAugmentPreprocessor()(
                dict(inputs=[torch.zeros(3, 4, 4), torch.zeros(3, 5, 4)]), True
            ),
            r'\(3, 4, 4\), \(3, 5, 4\)',
        ),
        (
            lambda: BatchAugmentPreprocessor(num_views=2)(dict(inputs=[torch.zeros(2, 3, 4, 4)] * 4), True),
            'num_views=2, but the pipeline makes 4 views',
        ),
        (lambda: BatchAugmentPreprocessor()(dict(inputs=[[torch.zeros(3, 4, 4)]] * 2), True), 'num_views=1'),
    ],
)
def test_bad_settings_and_batches_are_named(run, named):
    with pytest.raises(ValueError, match=named):
        run()

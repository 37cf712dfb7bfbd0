"""Runs on cached features beside the same runs on images."""

import json
import logging
from copy import deepcopy
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import BaseDataset
from mmengine.hooks import Hook
from mmengine.model import BaseTTAModel
from mmengine.runner import Runner
from mmpretrain.datasets.transforms import LoadImageFromFile, PackInputs, RandomFlip
from mmpretrain.registry import MODELS
from torch.utils.data import DataLoader

from mmlongtail.datasets.feature_file import FeatureFile
from mmlongtail.datasets.wrappers import DrawDataset
from mmlongtail.engine.feature_building import TrunkPass
from mmlongtail.engine.hooks.frozen_trunk_hook import FrozenTrunkHook, refuse_readers
from mmlongtail.engine.loops import ResumableEpochLoop
from mmlongtail.engine.start_checks import StartError

HEAD = dict(type='LinearClsHead', num_classes=3)
BACKBONE = dict(type='ResNet_CIFAR', depth=18, base_channels=4, stem_channels=4, num_stages=2, strides=(1, 2))
BACKBONE |= dict(dilations=(1, 1), out_indices=(1,), frozen_stages=1, norm_eval=True)
PARTS = dict(backbone=BACKBONE, neck=dict(type='GlobalAveragePooling'))
PLAIN = dict(type='ImageClassifier', **PARTS, head=dict(HEAD, in_channels=8))
SEVERAL = dict(num_classes=3, in_channels=8)
FOCAL = dict(type='FocalLoss')
BRANCHES = dict(
    type='MultiBranchClassifier',
    branch_modules=['backbone.layer2'],
    head=dict(
        type='MultiBranchHead',
        **SEVERAL,
        loss=dict(
            type='CollaborativeLoss',
            streams=[['uniform'], ['rebalanced']],
            classification=dict(type='CompensatedBCELoss', num_classes=3),
            consistency=dict(type='LogitConsistencyLoss', loss_weight=0.1),
        ),
    ),
    **PARTS,
)
FLIPS = dict(deepcopy(BRANCHES), num_branches=1)
FLIPS['head'] = dict(FLIPS['head'], loss=dict(FLIPS['head']['loss'], streams=[['uniform', 'rebalanced']] * 2))
EXPERTS = dict(
    type='MultiExpertClassifier',
    num_branches=2,
    branch_modules=['backbone.layer2'],
    head=dict(
        type='MultiExpertHead',
        expert=dict(HEAD, in_channels=8),
        loss=dict(
            type='NestedCollaborativeLoss',
            classification=dict(type='BalancedSoftmaxLoss'),
            hard=dict(type='HardCategoryLoss'),
            inter=dict(type='PeerDistillationLoss', loss_weight=0.6),
        ),
    ),
    **PARTS,
)
PG = dict(type='ImageClassifier', **PARTS, head=dict(type='MultiLabelLinearClsHead', **SEVERAL))
PG['head']['loss'] = dict(type='ProbabilityGuidedLoss')


class Losses(Hook):
    """What the iterations of a run gave."""

    made = []  # an experiment's name serves once

    def __init__(self):
        self.values = []
        self.made.append(self)

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.values.append(float(outputs['loss']))


class Files(BaseDataset):
    """Twelve files of noise, of three classes; each has two labels where ``several``."""

    METAINFO = dict(classes=['a', 'b', 'c'])

    def __init__(self, folder, transforms=(), several=False):
        self.folder, self.several = folder, several
        super().__init__(pipeline=[LoadImageFromFile(), *transforms, PackInputs()])

    def load_data_list(self):
        labels = [0] * 6 + [1] * 4 + [2] * 2
        return [
            dict(img_path=f'{self.folder}/{i}.png', gt_label=[0, label] if self.several else label)
            for i, label in enumerate(labels)
        ]

    def get_cat_ids(self, index):
        return np.atleast_1d(self.get_data_info(index)['gt_label']).tolist()


@pytest.fixture
def folder(tmp_path):
    noise = np.random.default_rng(0)
    for i in range(12):
        cv2.imwrite(f'{tmp_path}/{i}.png', noise.integers(0, 256, (8, 8, 3), np.uint8))
    return tmp_path


@pytest.fixture
def train(folder):
    """Train, cached unless ``views`` is None, and return the losses and the run."""

    def run(
        name='run',
        views=1,
        model=PLAIN,
        transforms=(),
        workers=0,
        several=False,
        hooks=(),
        train=True,
        **settings,
    ):
        settings.setdefault('train_cfg', dict(type=ResumableEpochLoop, max_epochs=2))
        loader = dict(batch_size=4, num_workers=workers, collate_fn=dict(type='default_collate'))
        dataset, sampler = (
            Files(folder, transforms, several),
            settings.pop('sampler', dict(type='UniformSampler')),
        )
        plain = dict(
            loader, dataset=Files(folder, several=several), sampler=dict(type='DefaultSampler', shuffle=False)
        )
        loaders = dict(
            train_dataloader=dict(loader, dataset=DrawDataset(dataset), sampler=sampler),
            val_dataloader=plain,
            test_dataloader=plain,
        )
        cache = dict(
            type='FrozenTrunkHook', until='backbone.layer2', folder=f'{folder}/features', storage='float32'
        )
        cache |= dict(batch_size=5) | settings.pop('cache', {})
        preprocessor = dict(mean=[128] * 3, std=[64] * 3) | settings.pop('preprocessor', {})
        losses, statistics = Losses(), dict(type='ClassStatisticsHook')
        cached = [] if views is None else [dict(cache, views=views)]
        metric = dict(type='MultiLabelMetric' if several else 'Accuracy')
        runner = Runner(
            model=dict(deepcopy(model), data_preprocessor=preprocessor),
            work_dir=str(folder / name),
            experiment_name=f'{folder.name}_{name}_{len(losses.made)}',
            default_scope='mmpretrain',
            custom_hooks=[losses, statistics, *hooks, *cached],
            default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1)),
            log_level='ERROR',
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9)),
            **dict(val_evaluator=metric, test_evaluator=metric, val_cfg=dict(), test_cfg=dict()),
            **loaders,
            **(dict(randomness=dict(seed=3)) | settings),
        )
        return losses.values, runner, runner.train() if train else None

    return run


def entries(folder) -> set:
    return {path.parent.name for path in (folder / 'features').glob('*/entry.json')}


def streams(**rebalanced) -> dict:
    streams = dict(uniform=dict(type='UniformSampler'), rebalanced=dict(type='UniformSampler'))
    return dict(type='StreamSampler', streams=streams, epoch_length='uniform')


@pytest.mark.parametrize(
    ('model', 'settings'),
    [
        (PLAIN, {}),
        (BRANCHES, dict(several=True, sampler=streams())),
        (
            FLIPS,
            dict(
                several=True,
                sampler=streams(),
                preprocessor=dict(type='BatchAugmentPreprocessor', num_views=2, mirrored=True),
            ),
        ),
        (EXPERTS, {}),
        (EXPERTS, dict(preprocessor=dict(type='BatchAugmentPreprocessor', num_views=2))),
        (PG, dict(several=True)),
        (PLAIN, dict(cache=dict(until='neck'), hooks=[dict(type='FreezeHook', modules=['backbone'])])),
        (
            PLAIN,
            dict(cache=dict(until='head'), hooks=[dict(type='FreezeHook', modules=['backbone', 'neck'])]),
        ),
    ],
    ids=['plain', 'branches', 'flips', 'experts', 'views', 'pg', 'neck', 'head'],
)
def test_losses_and_scores_are_those_of_images(train, folder, model, settings):
    plain, runner, _ = train('plain', None, model=model, **settings)
    expected = (
        runner.message_hub.get_scalar('val/accuracy/top1').current() if 'several' not in settings else None
    )
    cached, runner, trained = train('cached', model=model, **settings)
    assert cached == pytest.approx(plain, rel=1e-5, abs=1e-6) and len(plain) > 5
    assert len(set(plain)) == len(plain) and len(entries(folder)) == 2
    if expected is not None:
        assert runner.message_hub.get_scalar('val/accuracy/top1').current() == expected
    images = torch.rand(2, 3, 8, 8)
    assert trained.eval()(images, mode='tensor') is not None  # images are taken as ever


def test_crt_on_the_features_of_stage_one(train, folder, tmp_path):
    train('one', None)
    stage_two = dict(
        load_from=str(tmp_path / 'one/epoch_2.pth'),
        hooks=[dict(type='FreezeHook', modules=['backbone', 'neck'], reinitialize=['head'])],
    )
    plain, _, _ = train('plain', None, **stage_two)
    cached, _, _ = train('cached', cache=dict(until='head'), **stage_two)
    assert cached == pytest.approx(plain, rel=1e-5)


def test_half_precision_is_close(train):
    plain, _, _ = train('plain', None)
    for storage in ('float16', 'bfloat16'):
        cached, _, _ = train(storage, cache=dict(storage=storage))
        assert cached != plain and cached == pytest.approx(plain, rel=0.05)


def test_a_test_alone_is_served(train, folder):
    _, runner, _ = train()
    expected = runner.message_hub.get_scalar('val/accuracy/top1').current()
    _, runner, _ = train('test', train=False, load_from=f'{folder}/run/epoch_2.pth')
    assert runner.test()['accuracy/top1'] == expected
    assert runner.test_dataloader.dataset.is_decoded and len(entries(folder)) == 2


RANDOM = (
    RandomFlip(0.5),
    lambda results: dict(results, img=np.roll(results['img'], np.random.randint(8), 0)),
)


def test_resumed_and_with_workers_it_is_the_same_run(train, folder):
    whole, _, model = train('whole', views=4, transforms=RANDOM)
    with_worker, _, other = train('worker', views=4, transforms=RANDOM, workers=1)
    assert with_worker == whole
    last = deepcopy(model.state_dict())
    (folder / 'whole/epoch_2.pth').unlink()
    resumed, _, model = train(
        'whole', views=4, transforms=RANDOM, resume=True, load_from=f'{folder}/whole/epoch_1.pth'
    )
    assert resumed == whole[3:]
    for state in (model.state_dict(), other.state_dict()):
        assert all(torch.equal(state[name], value) for name, value in last.items())


@pytest.fixture
def built(monkeypatch):
    """Number of chunks that each pass computed."""
    counts, fill = [], TrunkPass.fill

    def counted(self, file, *args):
        counts.append(len(file.missing()))
        fill(self, file, *args)

    monkeypatch.setattr(TrunkPass, 'fill', counted)
    return counts


ONE = dict(train_cfg=dict(type=ResumableEpochLoop, max_epochs=1))


def test_runs_share_and_nothing_stale_is_served(train, folder, built):
    state = str(folder / 'first/epoch_1.pth')
    train('first', views=2, transforms=RANDOM, **ONE)
    assert built == [5, 3]  # of 5 images each, of 24 and 12
    again = dict(views=2, transforms=RANDOM, load_from=state, **ONE)
    train('seed', randomness=dict(seed=9), model=dict(PLAIN, head=dict(HEAD, in_channels=8, topk=1)), **again)
    assert len(built) == 2
    train('pipeline', **dict(again, transforms=RANDOM[1:]))
    assert built[2:] == [5]
    train('normal', preprocessor=dict(mean=[127] * 3), **again)
    assert built[3:] == [5, 3]
    cv2.imwrite(f'{folder}/3.png', np.zeros((8, 8, 3), np.uint8))
    train('image', **again)
    assert built[5:] == [5, 3]
    checkpoint = torch.load(state, weights_only=False)
    checkpoint['state_dict']['backbone.layer1.1.conv2.weight'][0, 0, 0, 0] += 0.01
    torch.save(checkpoint, state)
    train('weights', **again)
    assert built[7:] == [5, 3]


def test_a_pass_that_was_cut_off_goes_on(train, folder, built, monkeypatch):
    write = FeatureFile.write

    def cut_off(self, number, features):
        if number == 2:
            raise KeyboardInterrupt
        write(self, number, features)

    monkeypatch.setattr(FeatureFile, 'write', cut_off)
    with pytest.raises(KeyboardInterrupt):
        train('cut', views=2, transforms=RANDOM, **ONE)
    monkeypatch.setattr(FeatureFile, 'write', write)
    losses, _, _ = train('on', views=2, transforms=RANDOM, **ONE)
    assert built == [5, 3, 3]
    fresh, _, _ = train('fresh', views=2, transforms=RANDOM, cache=dict(folder=f'{folder}/other'), **ONE)
    assert losses == fresh


def test_a_signal_ends_the_pass(train, folder, monkeypatch):
    def asked(self):
        return 15

    monkeypatch.setattr('mmlongtail.engine.cached_loader.CachedLoader._asked', asked)
    with pytest.raises(SystemExit) as error:
        train()
    assert error.value.code == 143 and len(entries(folder)) == 1


def test_damaged_features_are_found_out(train, folder):
    train(**ONE)
    for path in (folder / 'features').glob('*/features'):
        path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(
        StartError, match='holds other features than the model computes now: remove this folder'
    ):
        train('again', **ONE)


class Relabel:
    def __call__(self, results):
        return dict(results, gt_label=2)


@pytest.mark.parametrize(
    ('settings', 'words'),
    [
        (
            dict(model=dict(PLAIN, backbone=dict(BACKBONE, frozen_stages=0))),
            'layer1.0.conv1.weight is trained',
        ),
        (dict(cache=dict(until='neck')), 'backbone.layer2.0.conv1.weight is trained'),
        (dict(cache=dict(until='backbone.layer7')), "until is 'backbone.layer7', expected a module"),
        (dict(model=dict(PLAIN, train_cfg=dict(augments=dict(type='Mixup', alpha=1.0)))), 'mixup'),
        (dict(transforms=(Relabel(),)), 'the data pipeline changes labels'),
        (dict(cache=dict(limit_gb=1e-6)), 'limit_gb is 1e-06, expected at least'),
    ],
)
def test_what_cannot_be_cached_is_refused(train, settings, words):
    with pytest.raises(StartError, match=words):
        train(**dict(dict(preprocessor=dict(num_classes=3)), **settings))


def test_a_model_that_does_more_than_its_modules_is_refused(train, monkeypatch):
    from mmpretrain.models import ImageClassifier

    extract = ImageClassifier.extract_feat

    def shortcut(self, inputs, stage='neck'):
        feats = extract(self, inputs, stage)
        return tuple(x + inputs.flatten(1)[:, :1] for x in feats)

    monkeypatch.setattr(ImageClassifier, 'extract_feat', shortcut)
    with pytest.raises(
        StartError, match="the model does more before it than its modules .*'backbone.layer1'"
    ):
        train()


@pytest.mark.parametrize('part', ['teachers', 'contrast'])
def test_what_sees_images_itself_is_refused(part):
    model = SimpleNamespace(data_preprocessor=None, **{part: 1})
    with pytest.raises(ValueError, match=f'{part} sees images itself'):
        refuse_readers(model)


def test_aug_test_uses_images(folder):
    class Mean(BaseTTAModel):
        def merge_preds(self, predictions):
            return predictions

    loader = DataLoader(Files(folder))
    runner = SimpleNamespace(
        model=Mean(MODELS.build(PLAIN)), test_dataloader=loader, logger=logging.getLogger()
    )
    FrozenTrunkHook(until='neck', folder=f'{folder}/features').before_test(runner)
    assert isinstance(loader.dataset, Files) and not entries(folder)


def test_what_is_kept_says_what_it_is(train, folder):
    train(views=2, transforms=RANDOM, **ONE)
    about = [json.loads(path.read_text()) for path in (folder / 'features').glob('*/entry.json')]
    assert sorted(entry['views'] for entry in about) == [1, 2]
    assert all(entry['until'] == 'backbone.layer2' and entry['shape'] == [1, 4, 8, 8] for entry in about)

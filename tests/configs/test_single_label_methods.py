"""Every single-label CIFAR config trains and tests, and both stages follow each other: a tiny network, few pictures."""

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS, MODELS

from mmlongtail.engine.hooks import TauNormalizationHook

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
FOLDERS = (CONFIGS / 'baselines/singlelabel', CONFIGS / 'gcl', CONFIGS / 'ncl')
COUNTS = (12, 8, 4, 2, 1, 1, 1, 1, 1, 1)
# NCL++'s rows that differ from another in a number or in what they leave out, and one that needs teachers: test_ncl.py
SWEEPS = ('_beta_', '_lambda_', '_intra_t', '_simple', '_control', '_ce_mixup', '_offline')
TESTED_ONLY = ('la_posthoc', 'tau_norm', 'ncm')  # configs that train nothing


@pytest.fixture(scope='module')
def pictures(tmp_path_factory):
    """Pictures of ten classes, 12 of the first and 1 of the last, in a list file."""
    root = tmp_path_factory.mktemp('single-label-pictures')
    labels = np.repeat(np.arange(10), COUNTS)
    noise = np.random.default_rng(0).integers(0, 256, (len(labels), 32, 32, 3), dtype=np.uint8)
    for i, picture in enumerate(noise):
        cv2.imwrite(str(root / f'{i}.png'), picture)
    (root / 'list.csv').write_text(''.join(f'{i}.png,{k}\n' for i, k in enumerate(labels)))
    return root


def tiny(path: Path, pictures: Path, work_dir: Path) -> Config:
    """The config with a network of 8 layers' width and a training of one epoch."""
    cfg = Config.fromfile(path)
    depth = 32 if cfg.model.get('branch_modules') == ['backbone.layer3.4'] else 20  # BBN's last block
    cfg.model.backbone = dict(type='CifarResNet', depth=depth, base_channels=2)
    head = cfg.model.head
    head.get('classifier', head.get('expert', head)).in_channels = 8
    if cfg.model.get('contrast'):
        cfg.model.contrast.in_channels = 8
    train, test = cfg.train_dataloader, cfg.test_dataloader
    class_means = [hook.dataloader for hook in cfg.default_hooks.values() if hook.type == 'ClassMeanHook']
    for loader in (train, test, *class_means):
        loader.update(num_workers=0, batch_size=8)
        loader.pop('persistent_workers', None)
        holder = loader.dataset if 'dataset' in loader.dataset else loader
        holder.dataset = dict(
            type='SingleLabelListFile',
            data_root=str(pictures),
            ann_file='list.csv',
            classes=[str(k) for k in range(cfg.num_classes)],
            pipeline=[dict(type='LoadImageFromFile'), *holder.dataset.pipeline],
        )
    cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
    cfg.work_dir, cfg.train_cfg.max_epochs = str(work_dir), 1
    cfg.default_hooks.start_check.allow_short = True
    cfg.visualizer.vis_backends = cfg.vis_backends = [dict(type='LocalVisBackend')]
    return cfg


def rows(pattern: str) -> list[Path]:
    return sorted(path for folder in FOLDERS for path in folder.glob(pattern))


@pytest.mark.parametrize(
    'path',
    [
        path
        for path in rows('cifar10_lt_if100*.py') + sorted(FOLDERS[2].glob('cifar100_*.py'))
        if path.parent != FOLDERS[2] or not any(word in path.stem for word in SWEEPS)
    ],
    ids=lambda path: f'{path.parent.name}-{path.stem}',
)
def test_trains_and_tests(path, pictures, tmp_path):
    runner = Runner.from_cfg(tiny(path, pictures, tmp_path))
    if path.stem.endswith(TESTED_ONLY):
        statistics = dict(
            class_counts=list(COUNTS), num_images=sum(COUNTS), classes=[str(k) for k in range(10)]
        )
        checkpoint = tmp_path / 'stage1.pth'
        torch.save(
            dict(state_dict=runner.model.state_dict(), class_statistics=statistics, meta={}), checkpoint
        )
        runner.load_checkpoint(str(checkpoint))
    else:
        runner.train()
    scores = runner.test()
    assert 0 <= scores['long-tail/top1'] <= 100
    if 'expert' in runner.cfg.model.head:
        experts = [scores[f'expert{i}/top1'] for i in range(runner.cfg.model.num_branches)]
        assert scores['single/top1'] == pytest.approx(sum(experts) / len(experts))


@pytest.mark.parametrize(
    ('first', 'second'),
    [
        ('baselines/singlelabel/cifar10_lt_if100_ce_mixup', 'baselines/singlelabel/cifar10_lt_if100_crt'),
        ('baselines/singlelabel/cifar10_lt_if100_ce_mixup', 'baselines/singlelabel/cifar10_lt_if100_lws'),
        (
            'baselines/singlelabel/cifar10_lt_if100_mislas_stage1',
            'baselines/singlelabel/cifar10_lt_if100_mislas',
        ),
        ('gcl/cifar10_lt_if100_stage1', 'gcl/cifar10_lt_if100'),
        ('gcl/cifar10_lt_if100_stage1', 'gcl/cifar10_lt_if100_lws'),
    ],
    ids=['crt', 'lws', 'mislas', 'gcl', 'gcl-lws'],
)
def test_stage_two_starts_from_stage_one_and_keeps_the_backbone(first, second, pictures, tmp_path):
    stage1 = Runner.from_cfg(tiny(CONFIGS / f'{first}.py', pictures, tmp_path / 'one'))
    stage1.train()
    cfg = tiny(CONFIGS / f'{second}.py', pictures, tmp_path / 'two')
    cfg.load_from = str(tmp_path / 'one/epoch_1.pth')
    stage2 = Runner.from_cfg(cfg)
    stage2.train()
    before, after = stage1.model.state_dict(), stage2.model.state_dict()
    backbone = [name for name in before if name.startswith('backbone')]
    assert backbone and all(torch.equal(before[name], after[name]) for name in backbone)
    trained = [name for name, p in stage2.model.named_parameters() if p.requires_grad]
    assert trained and all(name.startswith('head') for name in trained)


class Predictions(Hook):
    """Keep the label that each tested image gets."""

    def before_test(self, runner):
        self.labels = []

    def after_test_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.labels += [int(sample.pred_label) for sample in outputs]


def test_tau_norm_of_gcl_weighs_the_cosines_by_the_lengths_of_stage_ones_weights(pictures, tmp_path):
    """tau = 1 is stage 1 itself."""
    torch.manual_seed(0)
    stage1 = tiny(FOLDERS[1] / 'cifar10_lt_if100_stage1.py', pictures, tmp_path)
    model = MODELS.build(stage1.model).eval()
    model.head.fc.weight.data *= torch.logspace(-1, 1, 10)[:, None]
    torch.save(dict(state_dict=model.state_dict(), meta={}), tmp_path / 'one.pth')
    cfg = tiny(FOLDERS[1] / 'cifar10_lt_if100_tau_norm.py', pictures, tmp_path)
    cfg.load_from = str(tmp_path / 'one.pth')
    runner = Runner.from_cfg(cfg)
    runner.register_hook(seen := Predictions())
    [tau_norm] = [hook for hook in runner.hooks if isinstance(hook, TauNormalizationHook)]
    batches = [runner.model.data_preprocessor(batch, False)['inputs'] for batch in runner.test_dataloader]
    with torch.no_grad():
        feats = torch.cat([model.extract_feat(inputs)[-1] for inputs in batches]).double().numpy()
    weight = model.head.fc.weight.detach().double().numpy()
    length = np.linalg.norm(weight, axis=1)
    cosines = feats @ (weight / length[:, None]).T
    for tau_norm.tau, changes in ((1.0, False), (1.5, True)):
        runner.test()
        assert seen.labels == (length ** (1 - tau_norm.tau) * cosines).argmax(axis=1).tolist()
        assert (seen.labels != cosines.argmax(axis=1).tolist()) == changes


def test_mislas_trains_the_head_at_two_rates_and_moves_the_statistics(pictures, tmp_path):
    path = CONFIGS / 'baselines/singlelabel/cifar100_lt_if100_mislas.py'
    runner = Runner.from_cfg(tiny(path, pictures, tmp_path))
    runner.train()
    fc = 'head.classifier.fc.'
    trained = {name for name, p in runner.model.named_parameters() if p.requires_grad}
    assert trained == {f'{fc}scale', f'{fc}layer.weight', f'{fc}layer.bias'}
    norms = [m for m in runner.model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert {int(norm.num_batches_tracked) for norm in norms} == {runner.iter} and runner.iter == 4
    rates = {id(group['params'][0]): group['lr'] for group in runner.optim_wrapper.param_groups}
    scale, weight = (rates[id(runner.model.get_parameter(fc + name))] for name in ('scale', 'layer.weight'))
    assert weight == pytest.approx(0.2 * scale) and scale > 0


@pytest.mark.parametrize('name', ['gcl/places_lt_stage1', 'baselines/singlelabel/places_lt_ce'])
def test_places_trains_the_last_block_alone(name):
    cfg = Config.fromfile(CONFIGS / f'{name}.py')
    assert (cfg.model.backbone.depth, cfg.model.backbone.init_cfg.type) == (152, 'Pretrained')
    cfg.model.backbone.depth = 50  # has the same last stage
    model = torch.nn.ModuleDict(dict(backbone=MODELS.build(cfg.model.backbone)))
    hook = HOOKS.build(cfg.default_hooks.frozen)
    hook.before_train(SimpleNamespace(model=model, iter=0))
    model.train()
    hook.before_train_iter(None, 0)
    trained = {name.rsplit('.', 2)[0] for name, p in model.named_parameters() if p.requires_grad}
    assert trained == {'backbone.layer4.2'}
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert len(norms) == 53 and not any(norm.training for norm in norms)


def test_imbalance_factors_change_the_draw_alone():
    for path in rows('cifar*_lt_if200*.py') + rows('cifar*_lt_if50*.py'):
        if path.stem.endswith('if50_mislas'):  # has another smoothing, too
            continue
        factor = 200 if '_if200' in path.stem else 50
        full = path.with_name(path.name.replace(f'if{factor}', 'if100'))
        changed, expected = Config.fromfile(path).to_dict(), Config.fromfile(full).to_dict()
        dataset = changed['train_dataloader']['dataset']
        dataset = dataset.get('dataset', dataset)
        assert dataset['imbalance_factor'] == factor
        dataset['imbalance_factor'] = 100
        assert changed == expected, path.name


def test_gcl_is_the_papers_setting():
    """METHODS 4, read independently of the base files."""
    one, two = (Config.fromfile(FOLDERS[1] / f'cifar100_lt_if100{s}.py') for s in ('_stage1', ''))
    assert (one.optim_wrapper.optimizer.lr, one.optim_wrapper.optimizer.weight_decay) == (0.1, 2e-4)
    assert (one.train_dataloader.batch_size, one.train_cfg.max_epochs) == (64, 200)
    assert one.model.head.loss.to_dict() == dict(type='GCLLoss', cloud='log', noise_mul=0.5, scale=30.0)
    assert two.model.head.loss.to_dict() == dict(
        one.model.head.loss.to_dict(), scale=20.0, margin=0.1, focal_gamma=1.0
    )
    assert two.train_dataloader.sampler.to_dict() == dict(type='CBENSampler', a=0.9999, b=1e-5)
    assert (two.optim_wrapper.optimizer.lr, two.train_cfg.max_epochs) == (0.002, 30)
    assert one.model.train_cfg == two.model.train_cfg == dict(augments=dict(type='Mixup', alpha=1.0))


def steps(warmup: float, end: int, milestones: list[int], gamma: float) -> list[dict]:
    return [
        dict(type='LinearLR', start_factor=warmup, by_epoch=True, begin=0, end=end),
        dict(type='MultiStepLR', by_epoch=True, milestones=milestones, gamma=gamma),
    ]


@pytest.mark.parametrize(
    ('name', 'decay', 'rate', 'batch', 'epochs', 'milestones', 'alpha', 'scale'),
    [
        ('imagenet_lt', 5e-4, 0.1, 256, 200, [160, 180], 1.0, 30.0),
        ('inaturalist2018', 1e-4, 0.1, 256, 200, [160, 180], 1.0, 30.0),
        ('places_lt', 5e-4, 0.2, 512, 90, [60, 80], 0.2, 15.0),
    ],
)
def test_large_sets_are_the_authors_setting(name, decay, rate, batch, epochs, milestones, alpha, scale):
    """METHODS 4; the baselines are trained alike."""
    one, two = (Config.fromfile(FOLDERS[1] / f'{name}{s}.py') for s in ('_stage1', ''))
    ce, mixup = (Config.fromfile(FOLDERS[0] / f'{name}_{s}.py') for s in ('ce', 'ce_mixup'))
    for cfg in (one, ce, mixup):
        assert cfg.optim_wrapper.optimizer.to_dict() == dict(
            type='SGD', lr=rate, momentum=0.9, weight_decay=decay
        )
        assert [s.to_dict() for s in cfg.param_scheduler] == steps(0.2, 5, milestones, 0.1)
        assert (cfg.train_dataloader.batch_size, cfg.train_cfg.max_epochs) == (batch, epochs)
        assert cfg.auto_scale_lr.base_batch_size == batch
    for cfg in (one, mixup):
        assert cfg.model.train_cfg.augments.to_dict() == dict(type='Mixup', alpha=alpha)
    assert one.model.head.loss.to_dict() == dict(type='GCLLoss', cloud='log', noise_mul=1.0, scale=30.0)
    assert two.model.head.loss.to_dict() == dict(
        one.model.head.loss.to_dict(), scale=scale, margin=0.1, focal_gamma=1.0
    )
    assert two.default_hooks.frozen.modules == ['backbone', 'neck']
    assert (two.optim_wrapper.optimizer.lr, two.train_cfg.max_epochs) == (0.002, 30)


def test_bbn_is_the_authors_setting():
    """Zhou et al., CVPR 2020, section 5.2, and their code's configs."""
    cfg = Config.fromfile(FOLDERS[0] / 'cifar100_lt_if100_bbn.py')
    assert (cfg.train_dataloader.batch_size, cfg.train_cfg.max_epochs) == (2 * 128, 200)
    assert cfg.optim_wrapper.optimizer.to_dict() == dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=2e-4)
    assert [s.to_dict() for s in cfg.param_scheduler] == steps(1 / 3, 6, [120, 160], 0.01)


@pytest.mark.parametrize(
    ('name', 'head', 'tail', 'rate', 'epochs'),
    [
        ('cifar10_lt_if100', 0.3, 0.0, 0.5, 200),
        ('cifar10_lt_if50', 0.2, 0.0, 0.2, 200),
        ('cifar100_lt_if100', 0.4, 0.1, 0.2, 200),
        ('cifar100_lt_if50', 0.3, 0.0, 0.1, 200),
        ('imagenet_lt', 0.3, 0.0, 0.05, 180),
        ('inaturalist2018', 0.3, 0.0, 0.05, 200),
        ('places_lt', 0.4, 0.1, 0.05, 90),
    ],
)
def test_mislas_is_the_authors_setting(name, head, tail, rate, epochs):
    """Zhong et al., CVPR 2021, and their code's configs."""
    one, two = (Config.fromfile(FOLDERS[0] / f'{name}_mislas{s}.py') for s in ('_stage1', ''))
    small = name.startswith('cifar')
    decay = 2e-4 if small else 1e-4 if name == 'inaturalist2018' else 5e-4
    for cfg in (one, two):
        assert cfg.train_dataloader.batch_size == cfg.auto_scale_lr.base_batch_size == (128 if small else 256)
        assert (cfg.optim_wrapper.optimizer.lr, cfg.optim_wrapper.optimizer.weight_decay) == (0.1, decay)
    assert one.model.train_cfg.augments.alpha == (1.0 if small else 0.2) and two.model.train_cfg is None
    assert (one.train_cfg.max_epochs, two.train_cfg.max_epochs) == (epochs, 10)
    assert two.train_dataloader.sampler.to_dict() == dict(type='ClassBalancedSampler')
    loss = two.model.head.classifier.loss
    assert (loss.smooth_head, loss.smooth_tail) == (head, tail)
    assert two.optim_wrapper.paramwise_cfg.custom_keys == {'fc.layer': dict(lr_mult=rate)}
    freeze = two.default_hooks.frozen
    moving = [] if 'cifar10_' in name else ['backbone.layer4.2' if name == 'places_lt' else 'backbone']
    assert freeze.get('moving_statistics', []) == moving


def test_ncl_is_the_papers_setting():
    """METHODS 3, read independently of the base files."""
    cfg = Config.fromfile(FOLDERS[2] / 'cifar100_lt_if100.py')
    assert (cfg.optim_wrapper.optimizer.lr, cfg.optim_wrapper.optimizer.weight_decay) == (0.1, 2e-4)
    assert (cfg.train_dataloader.batch_size, cfg.train_cfg.max_epochs) == (64, 400)
    assert cfg.optim_wrapper.optimizer.nesterov and cfg.train_dataloader.drop_last
    assert cfg.model.head.expert.init_cfg is None  # torch's own
    last = cfg.data_preprocessor.augments[-1]
    assert (last.type, last['shape'], last.pad_val, last.prob) == ('BatchCutout', 16, 0, 1.0)
    assert [s.to_dict() for s in cfg.param_scheduler] == [
        dict(type='LinearLR', start_factor=1 / 3, by_epoch=True, begin=0, end=5),
        dict(type='MultiStepLR', by_epoch=True, milestones=[320, 360], gamma=0.1),
    ]
    assert (cfg.model.num_branches, cfg.data_preprocessor.num_views) == (2, 4)
    peers = dict(type='PeerDistillationLoss', hard_ratio=0.3, loss_weight=0.6)
    assert cfg.model.head.loss.to_dict() == dict(
        type='NestedCollaborativeLoss',
        classification=dict(type='BalancedSoftmaxLoss'),
        hard=dict(type='HardCategoryLoss', ratio=0.3),
        inter=peers,
        intra=peers,
    )
    big = Config.fromfile(FOLDERS[2] / 'imagenet_lt_r50.py')
    assert (big.data_preprocessor.num_views, big.train_cfg.max_epochs) == (2, 200)
    assert big.train_dataloader.batch_size * big.optim_wrapper.accumulative_counts == 256
    assert (big.optim_wrapper.optimizer.lr, big.param_scheduler[0].eta_min) == (0.2, 1e-4)
    places = Config.fromfile(FOLDERS[2] / 'places_lt.py')
    assert (places.optim_wrapper.optimizer.lr, places.train_cfg.max_epochs) == (0.02, 30)
    assert [s.to_dict() for s in places.param_scheduler] == [
        dict(type='LinearLR', start_factor=1 / 3, by_epoch=True, begin=0, end=5),
        dict(type='MultiStepLR', by_epoch=True, milestones=[10, 20], gamma=0.1),
    ]
    assert places.model.branch_modules == ['backbone'] and 'frozen_stages' not in places.model.backbone
    scales = dict(imagenet_lt_r50=16, places_lt=16, inaturalist2018=32)
    for name, scale in scales.items():
        for row in (name, f'{name}_bsce'):
            cfg = Config.fromfile(FOLDERS[2] / f'{row}.py')
            head = cfg.model.head.get('expert', cfg.model.head)
            assert (head.type, head.scale, head.bias) == ('CosineHead', scale, True), row
            assert cfg.train_dataloader.drop_last and cfg.optim_wrapper.optimizer.nesterov, row


def test_rows_of_ncls_ablation_differ_in_their_losses_experts_and_copies():
    """Table 7: which of the losses each row has, and on how many experts and copies."""

    def parts(name: str) -> tuple:
        cfg = Config.fromfile(FOLDERS[2] / f'cifar100_lt_if100{name}.py')
        loss = cfg.model.head.loss
        ratios = [loss[key] and loss[key].hard_ratio for key in ('inter', 'intra')]
        return loss.hard is not None, *ratios, cfg.model.num_branches, cfg.data_preprocessor.num_views

    assert parts('') == (True, 0.3, 0.3, 2, 4)
    assert parts('_no_hard') == (False, 0, 0, 2, 4)
    assert parts('_bil_hard') == (True, None, None, 1, 1)
    assert parts('_bil_inter') == (False, 0, None, 2, 1)
    assert parts('_bil_intra') == (False, None, 0, 1, 4)
    assert parts('_ncl') == (True, 0.3, None, 3, 1)

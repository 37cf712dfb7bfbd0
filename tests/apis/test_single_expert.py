"""An exported expert predicts what it predicted among the others, also where this package is not installed."""

import subprocess
import sys
from copy import deepcopy

import pytest
import torch
from mmengine.config import Config
from mmpretrain.registry import DATASETS, MODELS
from torch import nn

from mmlongtail import compat
from mmlongtail.apis.single_expert import export_expert, package_types

NORM = dict(mean=[120.0, 110.0, 100.0], std=[50.0, 60.0, 70.0], to_rgb=True)
SMALL = dict(type='ResNet', depth=18, stem_channels=4, base_channels=4)
GAP = dict(type='GlobalAveragePooling')
LINEAR = dict(type='LinearClsHead', num_classes=5, in_channels=32, topk=(1,))
COSINE = dict(type='CosineHead', num_classes=5, in_channels=32)
GRAPH = dict(
    type='GraphConvolutionHead',
    num_classes=5,
    in_channels=32,
    hidden_channels=8,
    embedding_dim=4,
    loss=dict(type='CrossEntropyLoss', use_sigmoid=True),
)
NO_PACKAGE = """
import runpy
import sys
sys.modules['mmlongtail'] = None  # importing it fails, as where it is not installed
import torch
try:
    import torchvision
except RuntimeError:  # a build for another torch, of which the host alone knows nothing
    runpy.run_path(sys.argv[1])
from mmengine.config import Config
from mmpretrain.registry import MODELS
for folder in sys.argv[2:]:
    model = MODELS.build(Config.fromfile(f'{folder}/config.py').model)
    model.load_state_dict(torch.load(f'{folder}/weights.pth', weights_only=True), strict=True)
    model.eval()
    samples = model.test_step(dict(inputs=torch.load(f'{folder}/inputs.pth')))
    torch.save(torch.stack([sample.pred_score for sample in samples]), f'{folder}/scores.pth')
"""


def config(expert=LINEAR, **model) -> Config:
    head = dict(
        type='MultiExpertHead',
        expert=expert,
        loss=dict(type='CrossEntropyLoss'),
    )
    preprocessor = dict(
        type='BatchAugmentPreprocessor',
        augments=[dict(type='BatchRandomFlip', prob=0.5)],
        num_views=2,
        num_classes=5,
        **NORM,
    )
    parts = dict(backbone=SMALL, neck=GAP) | model
    return Config(
        dict(data_preprocessor=preprocessor, model=dict(type='MultiExpertClassifier', head=head, **parts))
    )


TWO_KINDS = dict(
    neck=None,
    backbone=dict(
        type='ParallelBackbones',
        networks=[
            dict(backbone=SMALL, neck=GAP),
            dict(backbone=dict(type='MobileNetV2', widen_factor=0.1, out_indices=(3,)), neck=GAP),
        ],
    ),
)
CASES = dict(
    whole=config(),
    shared=config(branch_modules=['backbone.layer3', 'backbone.layer4']),
    cosine=config(dict(COSINE, scale=20.0)),
    cosine_bias=config(dict(COSINE, scale=20.0, bias=True)),
    cosine_loss=config(dict(COSINE, loss=dict(type='LDAMLoss', scale=15.0, class_counts=[9, 7, 5, 3, 1]))),
    neck=config(dict(LINEAR, in_channels=6), neck=dict(type='LinearNeck', in_channels=32, out_channels=6)),
    one=config(num_branches=1),
    contrast=config(contrast=dict(type='MomentumContrast', in_channels=32, queue_len=4)),
    multi_label=config(dict(type='MultiLabelLinearClsHead', num_classes=5, in_channels=32)),
    two_kinds=config([LINEAR, dict(LINEAR, in_channels=8)], **TWO_KINDS),
    own_head=config(GRAPH),
)


def build(cfg: Config) -> nn.Module:
    """The model with weights and batch statistics of which no two are alike."""
    model = deepcopy(cfg.model)
    model.setdefault('data_preprocessor', deepcopy(cfg.data_preprocessor))
    network = MODELS.build(model)
    noise = torch.Generator().manual_seed(0)
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            value.copy_(
                torch.rand(value.shape, generator=noise) - (0.4 if 'running_var' not in name else -0.1)
            )
    network.eval()
    return network


@pytest.fixture
def pictures() -> torch.Tensor:
    return torch.randint(
        0, 256, (3, 3, 32, 32), generator=torch.Generator().manual_seed(1), dtype=torch.uint8
    )


@torch.no_grad()
def scores(network: nn.Module, pictures: torch.Tensor, field: str = 'pred_score') -> torch.Tensor:
    return torch.stack([sample.get(field) for sample in network.test_step(dict(inputs=pictures))])


@pytest.mark.parametrize('name', CASES)
def test_predictions_are_the_experts(name, pictures):
    network = build(CASES[name])
    expected = scores(network, pictures, 'expert_scores')  # (3, E, 5)
    for expert in range(expected.size(1)):
        cfg, weights = export_expert(CASES[name], network.state_dict(), expert)
        assert cfg.model.type == 'ImageClassifier'
        plain = MODELS.build(cfg.model)
        plain.load_state_dict(weights, strict=True)
        plain.eval()
        torch.testing.assert_close(scores(plain, pictures), expected[:, expert])
        own = dict(own_head=['GraphConvolutionHead'], cosine_bias=['CosineHead'])
        assert package_types(cfg) == own.get(name, [])
    assert expected.size(1) == 1 or (expected[:, 0] - expected[:, 1]).abs().max() > 1e-3


def test_it_loads_and_predicts_where_this_package_is_not(pictures, tmp_path):
    expected = {}
    for name in ('shared', 'cosine', 'two_kinds'):
        network, folder = build(CASES[name]), tmp_path / name
        cfg, weights = export_expert(CASES[name], network.state_dict(), 1)
        folder.mkdir()
        cfg.dump(folder / 'config.py')
        torch.save(weights, folder / 'weights.pth')
        torch.save(pictures, folder / 'inputs.pth')
        expected[folder] = scores(network, pictures, 'expert_scores')[:, 1]
    done = subprocess.run(
        [sys.executable, '-c', NO_PACKAGE, compat.__file__, *map(str, expected)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    for folder, values in expected.items():
        torch.testing.assert_close(torch.load(folder / 'scores.pth'), values)


def test_training_goes_on_without_a_margin(pictures):
    """The host's cosine head adds its margin in training only: the loss shows it."""
    network = build(CASES['cosine'])
    cfg, weights = export_expert(CASES['cosine'], network.state_dict(), 0)
    plain = MODELS.build(cfg.model)
    plain.load_state_dict(weights)
    plain.eval()
    data = plain.data_preprocessor(dict(inputs=pictures), True)
    samples = [sample.set_gt_label(k) for k, sample in enumerate(plain.predict(data['inputs']))]
    loss = plain.loss(data['inputs'], samples)['loss']
    right = torch.stack([sample.pred_score[k] for k, sample in enumerate(samples)])
    torch.testing.assert_close(loss, -right.log().mean())


def test_the_state_dict_of_the_caller_stays():
    state = build(CASES['whole']).state_dict()
    before = {name: value.clone() for name, value in state.items()}
    export_expert(CASES['whole'], state, 1)
    assert list(state) == list(before) and all(torch.equal(state[name], before[name]) for name in state)


def with_test(dataset: dict, expert: dict = LINEAR, **more) -> Config:
    cfg = config(expert)
    sampler = dict(type='DefaultSampler', shuffle=False)
    cfg.test_dataloader = dict(batch_size=2, num_workers=0, sampler=sampler, dataset=dataset)
    cfg.merge_from_dict(more)
    return cfg


PIPELINE = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]


@pytest.mark.parametrize(
    'dataset, expected',
    [
        (
            dict(type='CustomDataset', data_root='mine', pipeline=PIPELINE),
            dict(type='CustomDataset', data_root='mine', pipeline=PIPELINE),
        ),
        (
            dict(
                type='CIFAR10LT', data_root='cifar', split='test', imbalance_factor=50, pipeline=PIPELINE[1:]
            ),
            dict(type='CIFAR10', data_root='cifar', split='test', pipeline=PIPELINE[1:], test_mode=True),
        ),
        (
            dict(type='ImageNetLT', data_root='imagenet', split='test', pipeline=PIPELINE),
            dict(type='CustomDataset', pipeline=PIPELINE, test_mode=True),
        ),
    ],
)
def test_the_test_set_is_the_hosts(dataset, expected):
    cfg = with_test(dataset, test_evaluator=dict(type='LongTailSingleLabelMetric'))
    result, _ = export_expert(cfg, build(cfg).state_dict(), 0)
    assert result.test_dataloader.dataset.to_dict() == expected
    assert result.test_dataloader.batch_size == 2 and result.test_cfg == {}
    assert result.test_evaluator.to_dict() == dict(type='Accuracy', topk=1)
    assert DATASETS.get(expected['type']).__module__.startswith('mmpretrain.')


def test_a_multi_label_test_set_and_the_hosts_metrics():
    dataset = dict(type='VOCLT', data_root='voc', split='test', pipeline=PIPELINE)
    own, host = dict(type='LongTailMultiLabelMetric'), dict(type='MultiLabelMetric')
    cfg = with_test(dataset, CASES['multi_label'].model.head.expert.to_dict(), test_evaluator=own)
    state = build(cfg).state_dict()
    result, _ = export_expert(cfg, state, 0)
    assert (result.test_dataloader.dataset.type, result.test_evaluator.type) == (
        'MultiLabelDataset',
        'AveragePrecision',
    )
    cfg.test_evaluator = [own, host]
    assert [metric.type for metric in export_expert(cfg, state, 0)[0].test_evaluator] == ['MultiLabelMetric']


@pytest.mark.parametrize('given', [None, dict(imports=['mmlongtail']), dict(imports=['mmlongtail', 'mine'])])
def test_the_package_is_imported_only_where_it_is_needed(given):
    others = ['mine'] if given and 'mine' in given['imports'] else []
    own = config(dict(LINEAR, in_channels=64), backbone=dict(type='CifarResNet', depth=20))
    for cfg, names in ((config(), []), (own, ['CifarResNet'])):
        if given:
            cfg.custom_imports = given
        result, _ = export_expert(cfg, build(cfg).state_dict(), 0)
        assert package_types(result) == names
        assert result.get('custom_imports', {}).get('imports', []) == others + ['mmlongtail'] * bool(names)


def test_nothing_of_the_training_is_left():
    backbone = dict(SMALL, init_cfg=dict(type='Pretrained', checkpoint='nowhere.pth'))
    cfg = config(backbone=backbone, train_cfg=dict(augments=dict(type='Mixup', alpha=1.0)))
    cfg.data_preprocessor.num_views = 1
    result, _ = export_expert(cfg, build(cfg).state_dict(), 0)
    assert set(result.model) == {'type', 'backbone', 'neck', 'head', 'data_preprocessor'}
    assert result.model.backbone.to_dict() == SMALL
    assert result.model.data_preprocessor.to_dict() == dict(type='ClsDataPreprocessor', num_classes=5, **NORM)


def test_what_cannot_be_exported_is_named():
    cfg, state = CASES['whole'], build(CASES['whole']).state_dict()
    plain, _ = export_expert(cfg, state, 0)
    partial = {name: value for name, value in state.items() if 'branches.1.layer4' not in name}
    wider = config(backbone=dict(SMALL, base_channels=8))
    for arguments, named in (
        ((cfg, state, 2), r'expert=2: the weights have experts \[0, 1\]'),
        ((cfg, state, -1), 'expert=-1'),
        ((plain, state, 0), "'ImageClassifier', 'LinearClsHead'"),
        ((cfg, partial, 1), 'backbone.layer4.0.conv1.weight'),
        ((wider, state, 0), 'size mismatch'),
    ):
        with pytest.raises(ValueError, match=named):
            export_expert(*arguments)

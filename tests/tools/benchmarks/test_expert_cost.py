"""Costs of networks of one convolution and one linear layer, which can be counted by hand."""

import argparse
import runpy
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmpretrain.registry import MODELS
from torch import nn

TOOL = Path(__file__).parents[3] / 'tools' / 'benchmarks' / 'expert_cost.py'
CONV, FC, BIAS = 5 * 3 * 4 * 4, 5 * 2, 2  # weights, and multiply-adds of an image but for the bias

CONFIG = """
default_scope = 'mmpretrain'
train_dataloader = dict(batch_size=7, dataset=dict(type='CustomDataset', pipeline=[dict(type='Resize', scale=4)]))
data_preprocessor = dict(num_classes=2, mean=[128] * 3, std=[64] * 3)
model = dict(
    type='ImageClassifier',
    backbone=dict(type='WholeImageConvForTest'),
    head=dict(type='LinearClsHead', num_classes=2, in_channels=5, topk=1),
)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.5), accumulative_counts=4)
"""
EXPERTS = """
_base_ = './plain.py'
data_preprocessor = dict(type='BatchAugmentPreprocessor', num_views=3)
model = dict(
    type='MultiExpertClassifier', num_branches=2,
    head=dict(_delete_=True, type='MultiExpertHead',
        expert=dict(type='LinearClsHead', num_classes=2, in_channels=5),
        loss=dict(type='NestedCollaborativeLoss', classification=dict(type='BalancedSoftmaxLoss'),
            inter=dict(type='PeerDistillationLoss'), intra=dict(type='PeerDistillationLoss'))),
)
"""


@MODELS.register_module()
class WholeImageConvForTest(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 4, bias=False)

    def forward(self, inputs):
        return (self.conv(inputs).flatten(1),)


@pytest.fixture(scope='module')
def cost():
    """The tool's functions."""
    return argparse.Namespace(**runpy.run_path(str(TOOL)))


@pytest.fixture
def configs(tmp_path):
    (tmp_path / 'plain.py').write_text(CONFIG)
    (tmp_path / 'experts.py').write_text(EXPERTS)
    return [str(tmp_path / 'plain.py'), str(tmp_path / 'experts.py')]


def training(cost, config, *options):
    return cost.Training(config, cost.make_parser().parse_args([config, '--batch-size', '3', *options]))


def test_parameters_and_multiply_adds_by_hand(cost, configs):
    plain, experts = (training(cost, config).complexity() for config in configs)
    one = CONV + FC
    expected = dict(zip(plain, [(one + BIAS) / 1e6, (one + BIAS) / 1e6, one / 1e9, one / 1e9, one / 1e9]))
    assert plain == pytest.approx(expected)
    several = [2 * (one + BIAS) / 1e6, (one + BIAS) / 1e6, 3 * 2 * one / 1e9, one / 1e9, 2 * one / 1e9]
    assert list(experts) == list(plain) and experts == pytest.approx(dict(zip(plain, several)))


def test_experts_of_different_size(cost, configs, tmp_path):
    """The second has a further convolution inside: one expert's cost is their mean."""
    network = dict(backbone=dict(type='WholeImageConvForTest'))
    other = dict(backbone=dict(type='WholeImageConvForTest'), neck=dict(type='LinearNeck', in_channels=5))
    other['neck'].update(out_channels=5, gap_dim=0, norm_cfg=None, act_cfg=None)
    cfg = Config.fromfile(configs[1])
    cfg.model.backbone = dict(type='ParallelBackbones', networks=[network, other])
    cfg.dump(tmp_path / 'parallel.py')
    found = training(cost, str(tmp_path / 'parallel.py')).complexity()
    one = [CONV + FC, CONV + FC + 25]
    assert found['test, one expert (G)'] == pytest.approx(sum(one) / 2e9)
    assert found['test, ensemble (G)'] == pytest.approx(sum(one) / 1e9)
    assert found['training (G)'] == pytest.approx(3 * sum(one) / 1e9)


def test_other_branches_have_no_single_expert(cost, configs, tmp_path):
    cfg = Config.fromfile(configs[0])
    loss = dict(
        type='CollaborativeLoss', streams=[['a'], ['b']], classification=dict(type='CrossEntropyLoss')
    )
    head = dict(type='MultiBranchHead', num_classes=2, in_channels=5, loss=loss)
    cfg.model.update(type='MultiBranchClassifier', branch_modules=['backbone'], head=head)
    cfg.data_preprocessor.update(type='BatchAugmentPreprocessor', num_views=2, mirrored=True)
    cfg.dump(tmp_path / 'branches.py')
    found = training(cost, str(tmp_path / 'branches.py')).complexity()
    assert found['test, one expert (G)'] is found['of one expert (M)'] is None
    assert found['training (G)'] == pytest.approx(2 * 2 * (CONV + FC) / 1e9)


@pytest.mark.parametrize('which', [0, 1])
def test_a_step_learns_and_leaves_its_batch(cost, configs, which):
    run = training(cost, configs[which])
    weights = [p.detach().clone() for p in run.model.parameters()]
    inputs = run.data['inputs'].clone()
    assert inputs.shape == (3, 3, 4, 4) and inputs.dtype == torch.uint8
    assert run.seconds() > 0
    assert all((old != new).any() for old, new in zip(weights, run.model.parameters()))
    assert torch.equal(run.data['inputs'], inputs) and len(run.data['data_samples']) == 3


def test_a_multi_label_step(cost, configs):
    run = training(cost, configs[0], '--cfg-options', 'model.head.type=MultiLabelLinearClsHead')
    assert {len(sample.gt_label) for sample in run.data['data_samples']} == {2}
    run.step()


def test_bytes_kept_by_hand(cost):
    """``w x`` keeps x, and w where x learns; ``exp`` keeps its result: twice 12 numbers of 4 bytes."""
    module = nn.ParameterList([torch.ones(4)])
    x = torch.ones(3, 4)
    assert cost.saved_bytes(lambda: (x * module[0]).exp(), module) == 2 * 12 * 4
    x.requires_grad_()
    assert cost.saved_bytes(lambda: (x * module[0]).exp(), module) == 2 * 12 * 4
    twice = x.view(4, 3)  # of the same storage
    assert cost.saved_bytes(lambda: ((x * module[0]).exp(), twice * twice), module) == 2 * 12 * 4
    assert cost.saved_bytes(lambda: x.detach().exp(), module) == 0


def test_memory_grows_with_the_copies(cost, configs):
    """Of each further copy of 3 images: the image 3 x 4 x 4, and 5 features of each of 2 experts, at the least."""
    copies = [
        training(cost, configs[1], '--cfg-options', f'data_preprocessor.num_views={views}').memory()
        for views in (2, 3)
    ]
    assert (copies[1] - copies[0]) * 2**20 >= 3 * 4 * (48 + 2 * 5)


def test_each_training_takes_each_place(cost):
    calls = []

    class Recorded:
        def __init__(self, name):
            self.name = name

        def seconds(self):
            calls.append(self.name)
            return len(calls)

    times = cost.interleaved([Recorded('a'), Recorded('b'), Recorded('c')], rounds=2)
    assert ''.join(calls) == 'abcbcacab'
    assert times == [[6, 4, 5], [8, 9, 7]]  # of the second and third round, in the trainings' order


@pytest.mark.parametrize(
    'dataset, size',
    [
        (dict(pipeline=[dict(type='Resize', scale=(256, 256)), dict(type='RandomCrop', crop_size=224)]), 224),
        (dict(dataset=dict(pipeline=[dict(transforms=[[dict(scale=96), dict(prob=0.5)]])])), 96),
        (
            dict(type='BatchedDataset', dataset=dict(type='CIFAR100LT', pipeline=[dict(type='PackInputs')])),
            32,
        ),
    ],
)
def test_size_of_the_images(cost, dataset, size):
    assert cost.image_size(Config(dict(train_dataloader=dict(dataset=dataset))), 'a.py') == size


def test_table_of_all(cost, configs, capsys):
    cost.main(
        [*configs, '--batch-size', '2', '--rounds', '1', '--cfg-options', 'optim_wrapper.optimizer.lr=0.1']
    )
    first, head, _, plain, experts = capsys.readouterr().out.splitlines()
    assert first == 'batches of 2 images, cpu, 1 rounds'
    columns = [cell.strip() for cell in head.strip('|').split('|')]
    rows = [dict(zip(columns, map(str.strip, row.strip('|').split('|')))) for row in (plain, experts)]
    assert [row['config'] for row in rows] == ['plain', 'experts']
    assert [(row['experts'], row['copies'], row['pixels']) for row in rows] == [
        ('1', '1', '4'),
        ('2', '3', '4'),
    ]
    assert rows[0]['ratio'] == '1' and float(rows[1]['images/s'].replace(',', '')) > 0
    assert float(rows[1]['kept for backward (MiB)']) > float(rows[0]['kept for backward (MiB)'])


def test_an_error_is_one_line(cost, configs, tmp_path, capsys):
    (tmp_path / 'sizeless.py').write_text(CONFIG.replace("dict(type='Resize', scale=4)", ''))
    for arguments, message in (
        ([str(tmp_path / 'sizeless.py')], 'sizeless.py: train_dataloader has no transform with crop_size'),
        ([str(tmp_path / 'nowhere.py')], 'nowhere.py'),
        ([configs[0], '--rounds', '0'], '--rounds 0 and --batch-size 64: expected numbers >= 1'),
    ):
        with pytest.raises(SystemExit) as error:
            cost.main(arguments)
        assert error.value.code == 2 and message in capsys.readouterr().err.splitlines()[-1]
    assert training(cost, str(tmp_path / 'sizeless.py'), '--image-size', '4').size == 4

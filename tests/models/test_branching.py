import pytest
import torch
from mmengine.model import BaseModule
from mmengine.runner import load_checkpoint
from mmengine.runner.checkpoint import load_state_dict
from torch import nn

from mmlongtail.models.branching import BranchedModule, branch_modules, lay_out
from mmlongtail.structures import BatchLayout


class Stage(nn.Module):
    """A stage with a second input and a second output, as Swin's."""

    out_channels = 3

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, x, size, double=False):
        return self.fc(x) * (2 if double else 1), size


class Backbone(BaseModule):
    """Two stages and a norm."""

    def __init__(self):
        super().__init__()
        self.stages = nn.ModuleList([Stage(), Stage()])
        self.norm = nn.LayerNorm(3)

    def forward(self, x):
        x, size = self.stages[0](x, (1, 1))
        x, size = self.stages[1](x, size, double=True)
        return self.norm(x), size


class Model(BaseModule):
    """What a classifier looks like to branch_modules."""

    def __init__(self, names=(), num_branches=2):
        super().__init__()
        self.backbone, self.neck, self.head = Backbone(), nn.Linear(3, 3), nn.Linear(3, 1)
        branch_modules(self, names, num_branches)


LAST = ['backbone.stages.1', 'backbone.norm']


def run(model, x, num_branches=2):
    lay_out(BatchLayout.of_inputs(len(x), branches=num_branches), model.backbone, None)
    return model.backbone(x)


@pytest.mark.parametrize('num_branches', [2, 3])
def test_equals_separate_networks(num_branches):
    model, x = Model(LAST, num_branches), torch.randn(4, 3)
    for parameter in model.parameters():
        nn.init.normal_(parameter)  # the copies now differ
    out, size = run(model, x, num_branches)
    assert size == (1, 1) and out.shape == (4 * num_branches, 3)
    trunk = model.backbone.stages[0].fc(x)
    for i, part in enumerate(out.chunk(num_branches)):
        last, norm = model.backbone.stages[1].branches[i], model.backbone.norm.branches[i]
        assert torch.allclose(part, norm(2 * last.fc(trunk)), atol=1e-6)


def test_attributes_are_the_first_copys():
    branched = BranchedModule(Stage(), 2, 'backbone.last')
    assert branched.out_channels == 3
    with pytest.raises(AttributeError, match=r'backbone.last.fc.*2 copies.*smaller modules'):
        branched.fc  # noqa: B018
    assert not hasattr(branched, 'nothing')


@pytest.mark.parametrize('load', [nn.Module.load_state_dict, load_state_dict], ids=['torch', 'mmengine'])
@pytest.mark.parametrize('part', ['', 'backbone'], ids=['model', 'backbone'])
def test_plain_weights_fill_every_copy(load, part):
    plain, model = Model(), Model(LAST)
    load(model.get_submodule(part), plain.get_submodule(part).state_dict(), strict=True)
    for name in LAST:
        for copy in model.get_submodule(name).branches:
            for key, value in plain.get_submodule(name).state_dict().items():
                assert torch.equal(copy.state_dict()[key], value)
    weights = [branch.fc.weight for branch in model.backbone.stages[1].branches]
    assert weights[0].data_ptr() != weights[1].data_ptr()


def test_caller_keeps_its_state_dict():
    state = Model().state_dict()
    names = list(state)
    Model(LAST).load_state_dict(state)
    assert list(state) == names


def test_branched_weights_come_back_from_a_file(tmp_path):
    saved, model = Model(LAST), Model(LAST)
    nn.init.normal_(saved.backbone.stages[1].branches[1].fc.weight)
    torch.save(dict(state_dict=saved.state_dict()), tmp_path / 'run.pth')
    load_checkpoint(model, str(tmp_path / 'run.pth'), strict=True)
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), saved.state_dict().values()))


def test_equalize_undoes_random_values_but_no_checkpoint():
    model = Model(LAST)
    first, second = model.backbone.stages[1].branches
    nn.init.normal_(second.fc.weight)
    state = model.state_dict()
    model.backbone.stages[1].equalize()
    assert torch.equal(first.fc.weight, second.fc.weight)
    nn.init.normal_(state['backbone.stages.1.branches.1.fc.weight'])
    model.load_state_dict(state)
    model.backbone.stages[1].equalize()
    assert not torch.equal(first.fc.weight, second.fc.weight)


@pytest.mark.parametrize(
    ('part', 'kept', 'expected'),
    [
        ('', 'backbone.stages.0', r'backbone.stages.1.fc.weight \(plain.*stages.1.branches.0.fc'),
        ('backbone', 'stages.0', r'such as stages.1.fc.weight'),
        ('', 'stages', 'backbone.stages.1.fc.weight'),  # a bare backbone's file for a whole classifier
    ],
)
def test_checkpoint_without_the_branched_module(part, kept, expected):
    state = {kept + '.fc.weight': torch.zeros(3, 3)}
    with pytest.raises(ValueError, match=r"branched module 'backbone.stages.1'.*" + expected):
        Model(LAST).get_submodule(part).load_state_dict(state, strict=False)


def test_new_neck_needs_no_checkpoint():
    model = Model(['backbone.norm', 'neck'])
    state = {key: value for key, value in Model().state_dict().items() if key.startswith('backbone')}
    missing = model.load_state_dict(state, strict=False).missing_keys
    assert 'neck.branches.1.weight' in missing and 'backbone.norm.branches.1.weight' not in missing


@pytest.mark.parametrize(
    ('names', 'words'),
    [
        (['backbone.stage.1'], r"no module 'backbone.stage.1'.*'backbone.stages.1'"),
        (['layer4'], r"no module 'layer4'.*'backbone.norm'"),
        (['head'], r"no module 'head'"),  # the head has its own layer per branch
        (['backbone.stages'], r"'backbone.stages' is a list.*backbone.stages.0"),
        (['backbone', 'backbone.norm'], "'backbone.norm' is branched twice, by backbone"),
        (['neck', 'neck'], "'neck' is branched twice"),
    ],
)
def test_names_are_checked(names, words):
    with pytest.raises(ValueError, match=words):
        Model(names)


def test_rows_are_checked():
    model = Model(LAST)
    with pytest.raises(RuntimeError, match="'backbone.stages.1'.*MultiBranchClassifier"):
        model.backbone(torch.randn(4, 3))
    lay_out(BatchLayout(branches=2, views=3, images=1), model)
    with pytest.raises(ValueError, match=r'got 4 rows, expected 3 .*6 \(2 branches\)'):
        model.backbone(torch.randn(4, 3))

"""Adapters in networks of MMPretrain and of timm, alone and as branches."""

from copy import deepcopy

import pytest
import torch
from mmengine.runner import load_checkpoint
from mmpretrain.engine import LearningRateDecayOptimWrapperConstructor
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import nn

from mmlongtail.models.peft import lift_rank


def build(vit, checkpoint=None, **kwargs):
    if checkpoint:
        vit = dict(vit, init_cfg=dict(type='Pretrained', checkpoint=checkpoint))
    backbone = MODELS.build(dict(type='AdapterModel', module=vit, **kwargs))
    backbone.init_weights()
    backbone.eval()  # the host's returns nothing
    return backbone


def learn(model):
    """Change what learns."""
    for parameter in model.parameters():
        if parameter.requires_grad:
            nn.init.normal_(parameter, std=0.3)
    return model


@pytest.mark.parametrize(
    ('classes', 'blocks', 'rank'),
    [(100, 12, 4), (365, 12, 8), (1000, 12, 32), (8142, 12, 256), (20, 12, 1), (80, 12, 2), (1000, 24, 16)],
)
def test_rank_is_lifts(classes, blocks, rank):
    assert lift_rank(classes, blocks) == rank


@pytest.mark.parametrize('kwargs', [dict(rank=3), dict(num_classes=20), dict(rank=0, tuned=['norm', 'bias'])])
def test_starts_as_the_plain_network(vit, plain, images, kwargs):
    network, file = plain
    backbone = build(vit, file, **kwargs)
    torch.testing.assert_close(backbone(images)[-1], network(images)[-1])


def test_adapters_are_parallel_to_the_mlp(vit, plain, images):
    network, file = plain
    backbone = learn(build(vit, file, rank=2))
    x, size = network.patch_embed(images)
    x = torch.cat([network.cls_token.expand(3, -1, -1), x], dim=1) + network.pos_embed
    for layer, adapted in zip(network.layers, backbone.layers):
        x = x + layer.attn(layer.ln1(x))
        a = adapted.adapter
        extra = a.scale * a.up(torch.relu(a.down(a.norm(x))))
        x = layer.ffn(layer.ln2(x), identity=x) + extra
    torch.testing.assert_close(backbone(images)[-1], network.ln1(x)[:, 0])
    assert not any('noted_input' in vars(module) for module in backbone.modules())


def test_prompts_are_seen_by_one_block_each(vit, plain, images):
    network, file = plain
    backbone = learn(build(vit, file, rank=0, prompts=3))
    x, _ = network.patch_embed(images)
    x = torch.cat([network.cls_token.expand(3, -1, -1), x], dim=1) + network.pos_embed
    for layer, adapted in zip(network.layers, backbone.layers):
        x = layer(torch.cat([x, adapted.prompt.tokens.expand(3, -1, -1)], dim=1))[:, :5]
    torch.testing.assert_close(backbone(images)[-1], network.ln1(x)[:, 0])


def test_what_learns_is_what_was_asked_for(vit):
    def learns(**kwargs):
        return {name for name, p in build(vit, **kwargs).named_parameters() if p.requires_grad}

    assert all('.adapter.' in name for name in learns(rank=1)) and len(learns(rank=1)) == 2 * 7
    assert learns(rank=0, prompts=2) == {'layers.0.prompt.tokens', 'layers.1.prompt.tokens'}
    norms = {f'layers.{i}.ln{j}.{w}' for i in (0, 1) for j in (1, 2) for w in ('weight', 'bias')}
    assert learns(rank=0, tuned=['norm']) == norms | {'ln1.weight', 'ln1.bias'}
    biases = learns(rank=0, tuned=['bias'])
    assert biases and all(name.endswith('bias') for name in biases)
    assert learns(rank=0, tuned=[r'pos_embed']) == {'pos_embed'}
    last = learns(rank=1, blocks=r'layers\.1')
    assert last and all(name.startswith('layers.1.adapter') for name in last)


@pytest.mark.parametrize(
    ('kwargs', 'words'),
    [
        (dict(rank=0), 'something that learns'),
        (dict(), 'num_classes'),
        (dict(rank=1, blocks='stages.*'), 'no block'),
        (dict(rank=0, tuned=['nothing']), "'nothing' fits no parameter"),
        (dict(rank=-1), 'rank'),
    ],
)
def test_refuses_what_cannot_be(vit, kwargs, words):
    with pytest.raises(ValueError, match=words):
        build(vit, **kwargs)


def test_any_network_of_such_blocks(images):
    """torchvision's names, and timm's, of which the test below needs the package."""
    from torchvision.models import VisionTransformer

    class Backbone(nn.Module):
        def __init__(self):
            super().__init__()
            self.vit = VisionTransformer(8, 4, 2, 2, 8, 16)
            self.vit.heads = nn.Identity()

        def forward(self, x):
            return (self.vit(x),)

    backbone = MODELS.build(dict(type='AdapterModel', module=dict(type=Backbone), rank=2)).eval()
    before = backbone(images)[0]
    learn(backbone)
    assert not torch.allclose(before, backbone(images)[0])
    assert len(backbone.state_dict()) == 2 * 7 + 1


def test_timm(images):
    pytest.importorskip('timm', reason='TIMM IS MISSING: adapters were not checked in its networks')
    vit = dict(
        type='TIMMBackbone',
        model_name='vit_tiny_patch16_224',
        img_size=8,
        patch_size=4,
        embed_dim=8,
        depth=2,
        num_heads=2,
    )
    backbone = build(dict(vit, init_values=0.1), rank=2, prompts=1)
    assert torch.equal(deepcopy(backbone)(images)[0], backbone(images)[0])
    before = backbone(images)[0]
    assert {n.split('.')[2] for n in backbone.state_dict() if 'adapter' in n} == {'0', '1'}
    assert not torch.allclose(before, learn(backbone)(images)[0])


def test_layer_wise_decay_sees_plain_names(vit):
    model = nn.Module()
    model.backbone = build(vit, rank=1)
    model.get_layer_depth = lambda name: model.backbone.get_layer_depth(name, 'backbone.')
    constructor = LearningRateDecayOptimWrapperConstructor(
        dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=1.0, weight_decay=0.0)),
        dict(layer_decay_rate=0.5),
    )
    wrapper = constructor(model)
    rates = {id(group['params'][0]): group['lr'] for group in wrapper.param_groups}
    layers = model.backbone.layers
    assert [rates[id(layer.adapter.up.weight)] for layer in layers] == [0.25, 0.5]


NAMES = ['backbone.layers.0.adapter', 'backbone.layers.1.adapter']


def branched(backbone, names=NAMES):
    return dict(
        type='MultiBranchClassifier',
        num_branches=2,
        branch_modules=names,
        backbone=backbone,
        head=dict(
            type='MultiBranchHead',
            num_branches=2,
            num_classes=4,
            in_channels=8,
            loss=dict(type='CrossEntropyLoss'),
        ),
    )


@pytest.mark.parametrize('part', ['adapter', 'prompt'])
def test_branches_share_the_network_and_own_their_adapters(vit, plain, images, part):
    start = dict(type='Pretrained', checkpoint=plain[1])
    adapted = dict(type='AdapterModel', module=dict(vit, init_cfg=start), rank=2, prompts=2)
    names = [f'backbone.layers.{i}.{part}' for i in (0, 1)]
    model = MODELS.build(branched(adapted, names)).eval()
    model.init_weights()
    for name in names:
        first, second = (branch.parameters() for branch in model.get_submodule(name).branches)
        assert all(map(torch.equal, first, second))
    learn(model)
    feats = model.extract_feat(images)[-1]
    for i, of_branch in enumerate(feats.reshape(2, 3, 8)):
        alone = build(vit, plain[1], rank=2, prompts=2)
        state = {
            name.replace(f'.branches.{i}', ''): value
            for name, value in model.backbone.state_dict().items()
            if f'branches.{1 - i}' not in name
        }
        alone.load_state_dict(state)
        torch.testing.assert_close(of_branch, alone(images)[-1])
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    saved = {name for name in model.state_dict() if not name.startswith('data_preprocessor')}
    assert saved == trained | {'backbone.frozen_checksum'}


def test_a_checkpoint_of_branches_fills_another_model(vit, plain, images, tmp_path):
    """By its own init_cfg, as a test does that never calls init_weights; one set of adapters fills all branches."""
    start = dict(type='Pretrained', checkpoint=plain[1])
    config = branched(dict(type='AdapterModel', module=dict(vit, init_cfg=start), rank=2))
    model = MODELS.build(deepcopy(config)).eval()
    model.init_weights()
    learn(model)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'learned.pth')
    other = MODELS.build(deepcopy(config)).eval()
    load_checkpoint(other, str(tmp_path / 'learned.pth'), strict=True)
    torch.testing.assert_close(other.extract_feat(images)[-1], model.extract_feat(images)[-1])
    one = learn(build(vit, plain[1], rank=2))
    state = {f'backbone.{name}': value for name, value in one.state_dict().items()}
    state |= {name: value for name, value in model.state_dict().items() if not name.startswith('backbone')}
    other.load_state_dict(state)
    for feats in other.extract_feat(images)[-1].reshape(2, 3, 8):
        torch.testing.assert_close(feats, one(images)[-1])


def test_experts_start_apart_and_share_the_network(vit, plain, images):
    start = dict(type='Pretrained', checkpoint=plain[1])
    expert = dict(type='LinearClsHead', num_classes=4, in_channels=8)
    head = dict(type='MultiExpertHead', expert=expert, loss=dict(type='NestedCollaborativeLoss'))
    head['loss']['classification'] = dict(type='CrossEntropyLoss')
    model = MODELS.build(
        dict(
            type='MultiExpertClassifier',
            backbone=dict(type='AdapterModel', module=dict(vit, init_cfg=start), rank=2),
            head=head,
            num_branches=3,
            branch_modules=NAMES,
        )
    )
    model.init_weights()
    downs = [branch.down.weight for branch in model.backbone.layers[0].adapter.branches]
    assert not torch.equal(downs[0], downs[1]) and not torch.equal(downs[1], downs[2])
    samples = [DataSample().set_gt_label(k) for k in range(3)]
    losses = model.loss(images, samples)
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    assert all(branch.up.weight.grad.abs().sum() > 0 for branch in model.backbone.layers[0].adapter.branches)
    assert all(p.grad is None for n, p in model.backbone.named_parameters() if '.adapter.' not in n)

"""What is saved, and what fills what."""

import pytest
import torch
from mmengine.runner import load_checkpoint
from mmengine.runner.checkpoint import get_state_dict
from mmpretrain.registry import MODELS
from test_adapter_model import build, learn

from mmlongtail.engine.checkpoint_filling import unfilled
from mmlongtail.models.peft import whole_state_dict


def test_saves_what_learns_by_torch_and_by_the_host(vit):
    backbone = build(vit, rank=2, tuned=['norm'])
    learns = {name for name, p in backbone.named_parameters() if p.requires_grad} | {'frozen_checksum'}
    assert set(backbone.state_dict()) == set(get_state_dict(backbone)) == learns
    assert set(whole_state_dict(backbone)) == {name for name, _ in backbone.named_parameters()}
    assert set(backbone.state_dict()) == learns
    outer = torch.nn.ModuleDict(dict(other=torch.nn.Linear(2, 2), backbone=backbone))
    assert {'other.weight', 'other.bias'} < set(outer.state_dict())


def test_a_plain_file_leaves_adapters_alone_and_a_learned_one_the_rest(vit, plain, images):
    network, file = plain
    backbone = learn(build(vit, file, rank=2))
    before, learned = backbone(images)[0], backbone.state_dict()
    backbone.load_state_dict(network.state_dict())  # strict
    assert torch.equal(backbone(images)[0], before)
    again = build(vit, file, rank=2)
    again.load_state_dict(learned)
    assert torch.equal(again(images)[0], before)
    again.load_state_dict(whole_state_dict(backbone))
    assert torch.equal(again(images)[0], before)


def test_a_learned_file_brings_its_network_where_nobody_has_initialized_it(vit, plain, images, tmp_path):
    backbone = learn(build(vit, plain[1], rank=2))
    torch.save(backbone.state_dict(), tmp_path / 'learned.pth')
    start = dict(type='Pretrained', checkpoint=plain[1])
    other = MODELS.build(dict(type='AdapterModel', module=dict(vit, init_cfg=start), rank=2))
    other.eval()
    load_checkpoint(other, str(tmp_path / 'learned.pth'), strict=True)
    assert torch.equal(other(images)[0], backbone(images)[0])


def test_refuses_another_network(vit, plain):
    learned = build(vit, plain[1], rank=2).state_dict()
    for other in (build(vit, rank=2), MODELS.build(dict(type='AdapterModel', module=vit, rank=2))):
        with pytest.raises(ValueError, match='another frozen network.*init_cfg.checkpoint=None'):
            other.load_state_dict(learned)


def test_partial_files_are_told(vit, plain):
    network, file = plain
    backbone, state = build(vit, file, rank=2), network.state_dict()
    del state['layers.1.attn.qkv.weight']
    assert unfilled(backbone, state) == {'layers.1.attn.qkv.weight': 'missing'}
    learned = backbone.state_dict()
    del learned['layers.0.adapter.up.bias']
    assert unfilled(backbone, learned) == {'layers.0.adapter.up.bias': 'missing'}
    assert len(unfilled(backbone, {})) == len(whole_state_dict(backbone))

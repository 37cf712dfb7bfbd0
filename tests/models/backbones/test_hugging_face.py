"""Tiny random networks of transformers as backbones, against the library's own output."""

import pytest
import torch

from mmlongtail.models.backbones import HuggingFaceBackbone

transformers = pytest.importorskip(
    'transformers', reason='transformers IS NOT INSTALLED: HuggingFaceBackbone is untested'
)
SIZES = dict(
    hidden_size=8,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=8,
    image_size=16,
    patch_size=8,
)


@pytest.fixture
def vit(tmp_path):
    model = transformers.ViTModel(transformers.ViTConfig(**SIZES)).eval()
    model.save_pretrained(tmp_path)
    return str(tmp_path), model


@torch.no_grad()
def test_pretrained_gives_the_librarys_tokens(vit):
    folder, model = vit
    backbone = HuggingFaceBackbone(folder, pretrained=True).eval()
    backbone.init_weights()  # leaves them
    x = torch.randn(2, 3, 16, 16)
    torch.testing.assert_close(backbone(x)[0], model(x).last_hidden_state)
    assert all(parameter.requires_grad for parameter in backbone.parameters())
    assert not any('pooler' in name for name in backbone.state_dict())


@torch.no_grad()
def test_pictures_of_another_size(vit):
    assert HuggingFaceBackbone(vit[0]).eval()(torch.zeros(1, 3, 24, 24))[0].shape == (1, 10, 8)


@torch.no_grad()
def test_the_vision_tower_of_clip(tmp_path):
    text = dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, vocab_size=10)
    config = transformers.CLIPConfig(text_config=text, vision_config=SIZES, projection_dim=4)
    model = transformers.CLIPModel(config).eval()
    model.save_pretrained(tmp_path)
    backbone = HuggingFaceBackbone(str(tmp_path), pretrained=True).eval()
    x = torch.randn(1, 3, 16, 16)
    torch.testing.assert_close(backbone(x)[0], model.vision_model(x).last_hidden_state)


@torch.no_grad()
def test_a_convolutional_network(tmp_path):
    config = transformers.ResNetConfig(
        embedding_size=4, hidden_sizes=[4, 8], depths=[1, 1], layer_type='basic'
    )
    config.save_pretrained(tmp_path)
    assert HuggingFaceBackbone(str(tmp_path)).eval()(torch.zeros(1, 3, 32, 32))[0].shape[:2] == (1, 8)


def test_no_model(tmp_path):
    with pytest.raises((OSError, ValueError)):
        HuggingFaceBackbone(str(tmp_path))

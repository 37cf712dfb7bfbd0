"""One expert of a MultiExpertClassifier as a plain classifier of the host, config and weights."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy

import mmpretrain.registry
from mmengine.config import Config
from mmengine.registry import FUNCTIONS, Registry
from mmpretrain.models.heads import MultiLabelClsHead
from mmpretrain.registry import MODELS
from torch import Tensor, nn

PACKAGE = __name__.partition('.')[0]
HOST_SETS = dict(CIFAR10LT='CIFAR10', CIFAR100LT='CIFAR100')  # of the same test images
WHOLE = ('backbone', 'neck')
TRAINING = ('augments', 'num_views', 'mirrored', 'share_mix')  # what a preprocessor has for training alone


def export_expert(
    cfg: Config, state_dict: Mapping[str, Tensor], expert: int
) -> tuple[Config, dict[str, Tensor]]:
    """Config and state dict of one expert as an ImageClassifier, which predicts that expert's scores.

    The config is one to test and to predict with. It needs nothing of this package, unless the expert has parts that
    the host lacks, which :func:`package_types` names; then it imports the package. A CosineHead becomes the host's
    ArcFaceClsHead without margin, unless it has a bias, which the host's has not. A test set of ours becomes the host's
    kind, whose ``data_root`` or ``ann_file`` the user names. The loss becomes the head's default one.

    Args:
        cfg: Config with a MultiExpertClassifier and a MultiExpertHead.
        state_dict: Its weights, as in a checkpoint.
        expert: Index of the expert.

    Raises:
        ValueError: For a model of another kind, an expert that it does not have, or weights that do not fit.
    """
    check_expert(cfg, state_dict, expert)
    model, weights = plain_model(cfg, expert), plain_weights(cfg, state_dict, expert)
    network = MODELS.build(deepcopy(model))
    try:
        network.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        raise ValueError(f'state_dict does not fit the config: {error}') from error
    result = Config(dict(default_scope='mmpretrain', model=model, **testing(cfg, network)))
    imports = [name for name in cfg.get('custom_imports', {}).get('imports', []) if name != PACKAGE]
    if imports := imports + ([PACKAGE] if package_types(result) else []):
        result.custom_imports = dict(imports=imports)
    return result, weights


def package_types(cfg: Config) -> list[str]:
    """Names of this package's types in a config, in order: what it needs the package for."""
    own = own_types()
    return list(dict.fromkeys(name for name in types_in(cfg.to_dict()) if name in own))


def own_types() -> set[str]:
    """All names that this package has registered."""
    registries = [r for r in vars(mmpretrain.registry).values() if isinstance(r, Registry)]
    modules = [item for r in [*registries, FUNCTIONS] for item in r.module_dict.items()]
    return {name for name, module in modules if module.__module__.partition('.')[0] == PACKAGE}


def types_in(node) -> Iterator[str]:
    """The ``type`` of every component in a nested config."""
    if isinstance(node, dict) and isinstance(node.get('type'), str):
        yield node['type']
    if isinstance(node, (dict, list, tuple)):
        for child in node.values() if isinstance(node, dict) else node:
            yield from types_in(child)


def check_expert(cfg: Config, state_dict: Mapping[str, Tensor], expert: int) -> None:
    """Raise ValueError unless config and weights are of several experts, this one among them."""
    kinds = (cfg.model.get('type'), cfg.model.get('head', {}).get('type'))
    if kinds != ('MultiExpertClassifier', 'MultiExpertHead'):
        raise ValueError(f'model and head are {kinds}, expected MultiExpertClassifier and MultiExpertHead')
    known = {int(match[1]) for name in state_dict if (match := re.match(r'head\.experts\.(\d+)\.', name))}
    if expert not in known:
        raise ValueError(f'expert={expert}: the weights have experts {sorted(known)}')


def plain_model(cfg: Config, expert: int) -> dict:
    """Config of the expert's ImageClassifier."""
    model = cfg.model.to_dict()
    parts = {name: model[name] for name in WHOLE if model.get(name)}
    if model['backbone']['type'] == 'ParallelBackbones':
        parts = {name: part for name, part in model['backbone']['networks'][expert].items() if part}
    start = parts['backbone'].get('init_cfg')
    if isinstance(start, dict) and start['type'] == 'Pretrained':
        del parts['backbone']['init_cfg']  # the checkpoint has the weights
    if preprocessor := model.get('data_preprocessor') or cfg.to_dict().get('data_preprocessor'):
        parts['data_preprocessor'] = plain_preprocessor(preprocessor)
    return dict(type='ImageClassifier', **parts, head=plain_head(expert_head(cfg, expert)))


def plain_preprocessor(config: dict) -> dict:
    """The host's preprocessor, without what is done in training only."""
    kept = {name: value for name, value in config.items() if name != 'batch_augments'}
    if kept.get('type') != 'BatchAugmentPreprocessor':
        return kept
    kept = {name: value for name, value in kept.items() if name not in TRAINING}
    return dict(kept, type='ClsDataPreprocessor')


def expert_head(cfg: Config, expert: int) -> dict:
    """The expert's own head in the config."""
    heads = cfg.model.to_dict()['head']['expert']
    return heads if isinstance(heads, dict) else heads[expert]


def plain_head(config: dict) -> dict:
    """The host's head that predicts the same; a head that only this package has stays as it is."""
    if is_plain_cosine(config):
        head = MODELS.build(deepcopy(config))
        scale = float(head.loss_module.scale if head.scale is None else head.scale)
        sizes = dict(num_classes=head.num_classes, in_channels=head.in_channels)
        return dict(type='ArcFaceClsHead', **sizes, scale=scale, margins=0.0)
    if config['type'] in own_types():
        return config
    return {name: value for name, value in config.items() if name != 'loss'}


def is_plain_cosine(head: dict) -> bool:
    """Whether the host has a head that predicts the same as a cosine classifier."""
    return head['type'] == 'CosineHead' and not head.get('bias')


def plain_weights(cfg: Config, state_dict: Mapping[str, Tensor], expert: int) -> dict[str, Tensor]:
    """The expert's weights under a plain classifier's names."""
    head = expert_head(cfg, expert)
    modules = cfg.model.get('branch_modules') or WHOLE
    moves = {f'head.experts.{expert}.': 'head.', f'backbone.networks.{expert}.': ''}
    moves |= {f'{name}.branches.{expert}.': f'{name}.' for name in modules}
    others = ('head.', 'contrast.', 'backbone.networks.', *(f'{name}.branches.' for name in modules))
    weights = {}
    for name, value in state_dict.items():
        if old := next((old for old in moves if name.startswith(old)), None):
            weights[moves[old] + name[len(old) :]] = value
        elif not name.startswith(others):
            weights[name] = value
    if is_plain_cosine(head):
        weights['head.norm_product.weight'] = weights.pop('head.fc.weight')
    if is_plain_cosine(head) or head['type'] not in own_types():
        weights = {name: v for name, v in weights.items() if not name.startswith('head.loss_module.')}
    return weights


def testing(cfg: Config, network: nn.Module) -> dict:
    """The test part of the config, in components of the host where it has them."""
    if not cfg.get('test_dataloader'):
        return {}
    own, multi_label = own_types(), isinstance(network.head, MultiLabelClsHead)
    loader = {key: part for key, part in cfg.test_dataloader.to_dict().items() if key != 'dataset'}
    loader = {key: part for key, part in loader.items() if own.isdisjoint(types_in(part))}
    dataset = cfg.test_dataloader.dataset.to_dict()
    if (name := dataset['type']) in own:
        kind = HOST_SETS.get(name, 'MultiLabelDataset' if multi_label else 'CustomDataset')
        place = dict(data_root=dataset['data_root'], split='test') if name in HOST_SETS else {}
        dataset = dict(type=kind, **place, pipeline=dataset.get('pipeline', []), test_mode=True)
    given = cfg.to_dict().get('test_evaluator') or []
    metrics = [m for m in (given if isinstance(given, list) else [given]) if own.isdisjoint(types_in(m))]
    default = dict(type='AveragePrecision') if multi_label else dict(type='Accuracy', topk=1)
    return dict(
        test_dataloader=dict(loader, dataset=dataset), test_evaluator=metrics or default, test_cfg=dict()
    )

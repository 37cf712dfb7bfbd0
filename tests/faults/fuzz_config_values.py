"""Put nonsense into every config value of every registered component, one at a time, and count what it does.

    python tests/faults/fuzz_config_values.py [NAME ...]

A value counts as nonsense where the type hint of its parameter does not allow it; NaN and infinity are nonsense
everywhere. An error counts as unnamed if it does not name the parameter. Losses also run forward and backward. Prints
the findings and the counts; exits with 1 if an error is unnamed or a loss is not finite without a word.
"""

import inspect
import math
import re
import signal
import sys
import types
import typing
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import mmengine.registry
import mmpretrain.registry
import torch
from mmengine.registry import Registry
from torch import nn

import mmlongtail  # noqa: F401  registers
from mmlongtail.models.losses import PeerLoss

NAN, INF = float('nan'), float('inf')
NONSENSE = (
    NAN,
    INF,
    -INF,
    -1,
    0,
    '',
    'abc',
    None,
    True,
    [],
    {},
    2**70,
    1.5,
    [1],
    [1, 2, 3, 4, 5],
    [NAN],
    [-1],
)
NONSENSE += (['abc'], [None], ['a', ''], dict(a=1), dict(type='Nothing'), object())

IMAGES, CLASSES, PATIENCE = 6, 3, 20  # seconds a value may take
COUNTS, SINGLE = dict(class_counts=[5, 3, 1], num_images=8), dict(class_counts=[5, 3, 1])
DIGITS = dict(type='LongTailDigits', max_count=4, min_count=3)
BCE, SOFTMAX = dict(type='FrequencyWeightedBCELoss', **COUNTS), dict(type='BalancedSoftmaxLoss', **SINGLE)
AGREEMENT = dict(type='LogitConsistencyLoss')
SIZES = dict(num_classes=CLASSES, in_channels=4)
LINEAR = dict(type='LinearClsHead', **SIZES)
BACKBONE = dict(type='CifarResNet', depth=20, base_channels=2)
POOL = dict(type='GlobalAveragePooling')
BRANCHES = dict(SIZES, num_branches=2)
HEAD = dict(type='MultiBranchHead', num_classes=CLASSES, in_channels=8, loss=BCE)
EXPERTS = dict(type='MultiExpertHead', expert=dict(LINEAR, in_channels=8), loss=SOFTMAX)
BRANCHED = dict(backbone=BACKBONE, neck=POOL, branch_modules=['backbone.layer3'])
# What a component needs besides class counts and a data set; None: needs files, a runner or no arguments of its own.
NEEDED: dict[str, dict | None] = {
    'CompensatedBCELoss': dict(num_classes=CLASSES),
    'CollaborativeLoss': dict(
        streams=[['u'], ['r']], classification=BCE, consistency=dict(type='LogitConsistencyLoss')
    ),
    'CumulativeLoss': dict(streams=['u', 'r'], classification=BCE),
    'NestedCollaborativeLoss': dict(
        classification=SOFTMAX,
        hard=dict(type='HardCategoryLoss', **SINGLE),
        inter=dict(type='PeerDistillationLoss', **SINGLE),
        intra=dict(type='PeerDistillationLoss', **SINGLE),
    ),
    'BatchCutout': dict(shape=4),
    'BatchRandAugment': None,
    'BatchAutoAugment': dict(policies='cifar10'),
    'ShareSubset': dict(share=0.5),
    'ResampledDataset': dict(sampler=dict(type='ClassAwareSampler')),
    'CachedPictures': dict(folder='a'),
    'LoadReducedImage': dict(least_side=8),
    'ProgressivelyBalancedSampler': dict(num_epochs=3),
    'StreamSampler': dict(streams=dict(u=dict(type='UniformSampler')), epoch_length='u'),
    'ClassMeanHook': dict(dataloader=dict(batch_size=1)),
    'FrozenTrunkHook': dict(until='neck'),
    'ClassifierStartHook': dict(file='a.npy'),
    'MinimalistCrop': dict(scale=8),
    'PositionCrop': dict(crop_size=8),
    'HuggingFaceBackbone': None,
    'MeanLogitTTA': None,
    'PredictionFile': dict(out_file_path='a.json'),
    'ParallelBackbones': dict(networks=[dict(backbone=BACKBONE, neck=POOL)]),
    'MultiBranchClassifier': dict(BRANCHED, head=HEAD),
    'MultiExpertClassifier': dict(backbone=BACKBONE, neck=POOL, head=EXPERTS),
    'DistilledClassifier': dict(
        backbone=BACKBONE,
        neck=POOL,
        head=LINEAR,
        teacher=dict(type='ImageClassifier', backbone=BACKBONE),
        checkpoints=['a.pth'],
        distillation=dict(type='DistillationLoss'),
    ),
    'CosineHead': dict(SIZES, scale=4.0),
    'GraphConvolutionHead': dict(SIZES, loss=BCE),
    'MultiBranchHead': dict(BRANCHES, loss=BCE),
    'SingleLabelBranchHead': dict(BRANCHES, loss=SOFTMAX),
    'MultiExpertHead': dict(expert=LINEAR, loss=SOFTMAX),
    'NearestClassMeanHead': SIZES,
    'LearnableWeightScalingHead': dict(classifier=LINEAR),
    'MomentumContrast': dict(num_experts=2, in_channels=4, queue_len=8, feat_dim=4),
    'AutocastOptimWrapper': None,
    'AverageExpertScoreTTA': None,
    'ResumableEpochLoop': None,
    **dict.fromkeys(
        ['COCOLT', 'CocoJSONDataset', 'ImageNetLT', 'PlacesLT', 'INaturalist2018', 'ListFileDataset']
    ),
    **dict.fromkeys(['SingleLabelListFile', 'VOCLT', 'CIFAR10LT', 'CIFAR100LT']),
}
HOSTS_OWN = {'return', 'args', 'kwargs', 'init_cfg', 'collect_device', 'collect_dir', 'prefix'}
MADE = (nn.Module, nn.Module | None)  # by the package, not by a config


def components() -> dict[type, Registry]:
    """The registered classes of the package, each with its registry."""
    found = {}
    for module in (mmengine.registry, mmpretrain.registry):
        for registry in filter(lambda member: isinstance(member, Registry), vars(module).values()):
            for cls in registry.module_dict.values():
                if inspect.isclass(cls) and cls.__module__.startswith('mmlongtail'):
                    found[cls] = registry
    return found


@lru_cache
def parameters(cls: type) -> dict[str, object]:
    """Type hints of the arguments that a class takes in the package's own ``__init__``, bases included."""
    hints = {}
    for base in cls.__mro__:
        if '__init__' in vars(base) and base.__module__.startswith('mmlongtail'):
            signature = inspect.signature(base.__init__).parameters
            known = typing.get_type_hints(base.__init__)
            hints = {
                name: known[name] for name in signature if name in known and name not in HOSTS_OWN
            } | hints
            if not any(p.kind is p.VAR_KEYWORD for p in signature.values()):
                break
    return {name: hint for name, hint in hints.items() if hint not in MADE}


def fits(hint: object, value: object) -> bool:
    """Whether a type hint allows a value; NaN and infinity never."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(fits(one, value) for one in inner)
    if isinstance(value, float) and not math.isfinite(value):
        return False
    if hint in (int, float):
        return type(value) is int or (hint is float and type(value) is float)
    if origin in (Mapping, dict) or hint in (Mapping, dict):
        return isinstance(value, dict) and all(fits(inner[1], v) for v in value.values() if inner)
    if origin is tuple and ... not in inner:
        return isinstance(value, (list, tuple)) and len(value) == len(inner) and all(map(fits, inner, value))
    if origin in (Sequence, list, tuple) or hint in (Sequence, list, tuple):
        return isinstance(value, (list, tuple)) and all(fits(inner[0], v) for v in value if inner)
    return isinstance(value, hint) if inspect.isclass(hint) else True


@lru_cache
def digits():
    """A small data set for what needs one."""
    return mmpretrain.registry.DATASETS.build(DIGITS)


class NotFinite(Exception):
    """What no loss said."""


class FirstClass:
    """A single-label set of ten classes."""

    metainfo = dict(classes=list('abcdefghij'))

    def __len__(self) -> int:
        return 20

    def get_cat_ids(self, index: int) -> list[int]:
        return [index % 10]


def arguments(cls: type) -> dict:
    """The least that a class needs."""
    needed, hints = dict(NEEDED.get(cls.__name__) or {}), parameters(cls)
    needed |= {name: value for name, value in COUNTS.items() if name in hints and 'Loss' in cls.__name__}
    if 'dataset' in inspect.signature(cls).parameters:
        needed['dataset'] = FirstClass() if 'Subset' in cls.__name__ else digits()
    if cls.__name__ == 'LongTailSubset':
        needed['imbalance_factor'] = 2
    if cls.__name__ == 'MomentumContrast':
        needed |= dict(backbone=nn.Identity(), neck=None)
    return needed


def run(loss: nn.Module) -> None:
    """Forward and backward on a small batch, the progress half way.

    Raises:
        NotFinite: If the loss or a gradient is not finite.
    """
    generator = torch.Generator().manual_seed(0)
    name, lead = type(loss).__name__, ()
    ids, hot = torch.arange(IMAGES) % CLASSES, torch.eye(CLASSES)[torch.arange(IMAGES) % CLASSES]
    single = 'Nested' in name or isinstance(loss, PeerLoss) or not hasattr(loss, 'elementwise')
    rest = [ids if single else hot]
    if name == 'NestedCollaborativeLoss':
        lead = (2, 2)
    elif isinstance(loss, PeerLoss) or name in ('CollaborativeLoss', 'CumulativeLoss'):
        lead = (2,)
    if name in ('CollaborativeLoss', 'CumulativeLoss'):
        streams = [s for names in loss.streams for s in ([names] if isinstance(names, str) else names)]
        rest = [hot, [streams[i % len(streams)] for i in range(IMAGES)]]
    logits = (4 * torch.randn(*lead, IMAGES, CLASSES, generator=generator)).requires_grad_()
    if name in ('DistillationLoss', 'LogitConsistencyLoss'):
        rest = [torch.randn(IMAGES, CLASSES, generator=generator)]
    if hasattr(loss, 'set_progress'):
        loss.set_progress(1, 2)
    result = loss(logits, *rest)
    total = (
        sum(v.sum() for k, v in result.items() if 'loss' in k) if isinstance(result, dict) else result.sum()
    )
    total.backward()
    if not total.isfinite() or not logits.grad.isfinite().all():
        raise NotFinite(f'the loss is {total.item()}')


def outcome(cls: type, registry: Registry, name: str, value: object) -> str:
    """What becomes of one value: 'named', 'unnamed: ERROR', 'not finite', 'accepted nonsense' or 'fine'."""
    config = dict(arguments(cls), **{name: value}, type=cls)
    signal.alarm(PATIENCE)
    try:
        component = registry.build(config)
        if cls.__name__.endswith('Loss'):
            run(component)
    except NotFinite as error:
        return f'not finite: {error}'
    except Exception as error:  # TimeoutError too
        return 'named' if re.search(rf'\b{name}\b', str(error)) else f'unnamed: {error!r}'[:200]
    finally:
        signal.alarm(0)
    return 'fine' if fits(parameters(cls)[name], value) else 'accepted nonsense'


def give_up(*_) -> None:
    """Called by the alarm."""
    raise TimeoutError(f'not done after {PATIENCE} seconds')


def trials(names: Sequence[str] = ()) -> Iterator[tuple[type, Registry, str, object]]:
    """Every component, or those named, with each parameter and each value."""
    for cls, registry in sorted(components().items(), key=lambda item: item[0].__name__):
        if (names and cls.__name__ not in names) or NEEDED.get(cls.__name__, {}) is None:
            continue
        for name in parameters(cls):
            yield from ((cls, registry, name, value) for value in NONSENSE)


def main() -> int:
    """Try all, print what was found and the counts."""
    warnings.simplefilter('ignore')
    signal.signal(signal.SIGALRM, give_up)
    counts = Counter()
    for cls, registry, name, value in trials(sys.argv[1:]):
        found = outcome(cls, registry, name, value)
        counts[found.split(':')[0]] += 1
        if found not in ('named', 'fine'):
            print(f'{cls.__name__}.{name}={value!r}: {found}')
    print(f'{sum(counts.values())} values: ' + ', '.join(f'{n} {kind}' for kind, n in sorted(counts.items())))
    return int(counts['unnamed'] + counts['not finite'] > 0)


if __name__ == '__main__':
    sys.exit(main())

"""Which method for which data, and its part of a config."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .networks import Network

BALANCED = 3  # times the rarest class, up to which data counts as balanced


@dataclass(frozen=True)
class Method:
    """A method as a part of a config.

    Args:
        single_label: Whether it is for one label per image; else it is for several.
        model: The classifier's config, of a network and the number of classes.
        streams: Names of the samplings that a batch is drawn by; several make a batch as much larger.
        what: What it does, after "because …".
    """

    single_label: bool
    model: Callable[[Network, int], dict]
    streams: tuple[str, ...] = ('uniform',)
    what: str = ''


def choose_method(single_label: bool, imbalance: float) -> tuple[str, str]:
    """Choose a method for data of several classes.

    Data whose most frequent class has at most three times the images of the rarest is balanced: plain cross-entropy,
    ``ce`` or ``bce``. Above, one label per image gets ``balanced_softmax``, which costs nothing and needs no second
    stage, and several get ``collaborative``: of the methods measured on VOC-LT' the best in total and on the tail.

    Args:
        single_label: Whether each image has one label.
        imbalance: Images of the most frequent class for each of the rarest.

    Returns:
        The method's name, and why in words.
    """
    kind = 'one label per image' if single_label else 'several labels per image'
    times = f'the most frequent class has {imbalance:.3g} times the images of the rarest'
    if imbalance <= BALANCED:
        return ('ce' if single_label else 'bce'), f'{kind}, and {times}, which is nearly balanced'
    name = 'balanced_softmax' if single_label else 'collaborative'
    return name, f'{kind}, and {times}: {METHODS[name].what}'


def named_method(name: str, single_label: bool) -> str:
    """Why a method that the user named is taken.

    Raises:
        ValueError: If there is no such method, or it is for the other kind of labels.
    """
    fitting = sorted(key for key, method in METHODS.items() if method.single_label == single_label)
    if name not in fitting:
        kind = 'one label' if single_label else 'several labels'
        raise ValueError(f'--method {name}: for {kind} per image one of {", ".join(fitting)} is expected')
    return f'asked for by --method: {METHODS[name].what}'


def _one_branch(head: Callable[[int, int], dict]) -> Callable[[Network, int], dict]:
    def model(network: Network, classes: int) -> dict:
        return _classifier('ImageClassifier', network, head(classes, network.channels))

    return model


def _classifier(kind: str, network: Network, head: dict, **options) -> dict:
    parts = dict(backbone=network.backbone, **({'neck': network.neck} if network.neck else {}))
    return dict(type=kind, **options, **parts, head=head)


def _linear(loss: dict) -> Callable[[int, int], dict]:
    return lambda classes, channels: dict(
        type='LinearClsHead', num_classes=classes, in_channels=channels, topk=(1,), loss=loss
    )


def _gcl(classes: int, channels: int) -> dict:
    loss = dict(type='GCLLoss', cloud='log', noise_mul=0.5, scale=30.0)
    return dict(type='CosineHead', num_classes=classes, in_channels=channels, loss=loss)


def _multi_label(loss: Callable[[int], dict]) -> Callable[[int, int], dict]:
    return lambda classes, channels: dict(
        type='MultiLabelLinearClsHead', num_classes=classes, in_channels=channels, loss=loss(classes)
    )


def _bce(classes: int) -> dict:
    return dict(type='CrossEntropyLoss', use_sigmoid=True, loss_weight=round(1 / classes, 6))


def _collaborative(network: Network, classes: int) -> dict:
    loss = dict(
        type='CollaborativeLoss',
        streams=[['uniform'], ['rebalanced']],
        classification=dict(type='CompensatedBCELoss', num_classes=classes),
        consistency=dict(type='LogitConsistencyLoss', loss_weight=0.1),
    )
    head = dict(type='MultiBranchHead', num_classes=classes, in_channels=network.channels, loss=loss)
    return _classifier(
        'MultiBranchClassifier', network, head, num_branches=2, branch_modules=network.branch_modules
    )


def _experts(network: Network, classes: int) -> dict:
    loss = dict(
        type='NestedCollaborativeLoss',
        classification=dict(type='BalancedSoftmaxLoss'),
        hard=dict(type='HardCategoryLoss', ratio=0.3),
        inter=dict(type='PeerDistillationLoss', hard_ratio=0.3, loss_weight=0.6),
    )
    expert = dict(type='LinearClsHead', num_classes=classes, in_channels=network.channels, topk=(1,))
    head = dict(type='MultiExpertHead', expert=expert, loss=loss)
    return _classifier(
        'MultiExpertClassifier', network, head, num_branches=2, branch_modules=network.branch_modules
    )


REBALANCED = ('rebalanced',)
METHODS = {
    'ce': Method(True, _one_branch(_linear(dict(type='CrossEntropyLoss'))), what='plain cross-entropy'),
    'balanced_softmax': Method(
        True,
        _one_branch(_linear(dict(type='BalancedSoftmaxLoss'))),
        what='cross-entropy that counts a class by its images gives the rare ones their share',
    ),
    'gcl': Method(True, _one_branch(_gcl), what='Gaussian clouded logits widen the margins of rare classes'),
    'ncl': Method(True, _experts, what='two experts with balanced softmax learn from each other'),
    'bce': Method(False, _one_branch(_multi_label(_bce)), what='plain binary cross-entropy'),
    'db_focal': Method(
        False,
        _one_branch(_multi_label(lambda classes: dict(type='DistributionBalancedLoss'))),
        REBALANCED,
        'a re-balanced sampling, whose side effects the loss takes back, shows rare classes often',
    ),
    'collaborative': Method(
        False,
        _collaborative,
        ('uniform', 'rebalanced'),
        'one branch learns from the data as it is and one from a re-balanced sampling, and they agree',
    ),
}

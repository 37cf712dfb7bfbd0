"""Time forward and backward of every loss against plain cross-entropy on one core, several labels against BCE.

    python tools/benchmarks/loss_speed.py                        # all losses, 256 x 1,000; several labels also x 80
    python tools/benchmarks/loss_speed.py GCLLoss LDAMLoss --rounds 100

Of one label, "over CE" is the ratio to `F.cross_entropy` on the same labels: class ids, or two labels per image as
Mixup makes them. Of several labels, "over BCE" is the ratio to `F.binary_cross_entropy_with_logits`. All losses of a
table take turns within each round, so that a busy machine slows all of them; the median of the rounds' ratios counts.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import mmlongtail  # noqa: F401  first: it mends the host packages

# isort: split
import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor

SINGLE_LABEL = {
    'LogitAdjustmentLoss': {},
    'BalancedSoftmaxLoss': {},
    'ClassBalancedCELoss': {},
    'ClassBalancedCELoss, focal': dict(focal_gamma=2.0),
    'LabelAwareSmoothingLoss': {},
    'LDAMLoss': {},
    'LDAMLoss, re-weighted': dict(drw_epoch=0),
    'GCLLoss': {},
    'GCLLoss, second stage': dict(scale=20.0, margin=0.1, focal_gamma=1.0),
    'HardCategoryLoss': {},
}
WEIGHT = dict(alpha=0.1, beta=10.0, mu=0.3)
MULTI_LABEL = {
    'FrequencyWeightedBCELoss': {},
    'CompensatedBCELoss': dict(num_classes=None),
    'ReweightedBCELoss': {},
    'MultiLabelFocalLoss': {},
    'MultiLabelLDAMLoss': {},
    'ClassBalancedFocalLoss': {},
    'DistributionBalancedLoss': {},
    'DistributionBalancedLoss, not focal': dict(focal_gamma=0.0),
    'ProbabilityGuidedLoss': {},
    'ProbabilityGuidedLoss, as DB': dict(adaptive=('neg_scale',), focal_on='scaled', reweight=WEIGHT),
}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('losses', nargs='*', help='names of losses; all if left out')
    parser.add_argument('--rounds', type=int, default=40)
    return parser.parse_args()


def build(name: str, settings: dict, num_classes: int) -> torch.nn.Module:
    """A loss with class counts of a long tail, half way through its training."""
    counts = [max(1, round(500 * 0.01 ** (k / num_classes))) for k in range(num_classes)]
    settings = {key: num_classes if value is None else value for key, value in settings.items()}
    loss = MODELS.build(dict(type=name.split(',')[0], **settings))
    for module in loss.modules():
        if hasattr(module, 'set_class_statistics'):
            module.set_class_statistics(argparse.Namespace(class_counts=counts, num_images=sum(counts)))
        if hasattr(module, 'set_progress'):
            module.set_progress(1, 2)
    return loss


def seconds(loss: Callable, logits: Tensor, targets: Tensor) -> float:
    """Of the processor, for one forward and backward pass; busy neighbors count little."""
    logits = logits.clone().requires_grad_()
    start = time.thread_time()
    loss(logits, targets).backward()
    return time.thread_time() - start


def measure(losses: dict[str, Callable], logits: Tensor, targets: Tensor, rounds: int) -> None:
    """Print milliseconds and ratios; the first loss is what the others are compared with."""
    times: dict[str, list[float]] = {name: [] for name in losses}
    for step in range(rounds + 3):
        for name, loss in losses.items():
            spent = seconds(loss, logits, targets)
            if step >= 3:  # the first ones fill caches
                times[name].append(spent)
    base = next(iter(times.values()))
    for name, values in times.items():
        ratio = statistics.median(value / other for value, other in zip(values, base))
        print(f'  {name:36}{1e3 * statistics.median(values):9.3f} ms{ratio:8.2f}')


def main() -> None:
    args = parse_args()
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)

    def chosen(table: dict[str, dict], num_classes: int) -> dict[str, Callable]:
        wanted = {n: s for n, s in table.items() if not args.losses or n.split(',')[0] in args.losses}
        return {name: build(name, settings, num_classes) for name, settings in wanted.items()}

    images, num_classes = 256, 1000
    logits = torch.randn(images, num_classes, generator=generator)
    ids = torch.randint(num_classes, (images,), generator=generator)
    mixed = 0.3 * F.one_hot(ids, num_classes) + 0.7 * F.one_hot(ids.flip(0), num_classes)
    for what, targets in (('class ids', ids), ('two labels per image', mixed)):
        print(f'{images} x {num_classes}, {what}{"over CE":>{53 - len(what)}}')
        losses = dict(cross_entropy=F.cross_entropy, **chosen(SINGLE_LABEL, num_classes))
        measure(losses, logits / 4, targets, args.rounds)
    for images, num_classes in ((64, 80), (256, 80), (64, 1000), (256, 1000)):
        logits = torch.randn(images, num_classes, generator=generator) * 2
        targets = (torch.rand(images, num_classes, generator=generator) < 0.03).float()
        print(f'{images} x {num_classes}, several labels{"over BCE":>{40}}')
        bce = dict(binary_cross_entropy=F.binary_cross_entropy_with_logits)
        measure({**bce, **chosen(MULTI_LABEL, num_classes)}, logits, targets, args.rounds)


if __name__ == '__main__':
    main()

"""Time of per-class average precision on one core: ours, scikit-learn class by class, and MMPretrain's.

    python tools/benchmarks/metric_speed.py                      # 5,000 images x 80 classes, 20,000 x 1,000
    python tools/benchmarks/metric_speed.py --sizes 4952x20

The rounds of the three take turns, so that a busy machine slows all of them; the median of each is compared.
"""

import argparse
import statistics
import time

import numpy as np
import torch
from sklearn.metrics import average_precision_score

from mmlongtail.evaluation.functional import average_precision  # isort: skip  mends the host before its import
from mmpretrain.evaluation import AveragePrecision  # isort: skip


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--sizes', nargs='+', default=['5000x80', '20000x1000'], help='images x classes')
    parser.add_argument('--rounds', type=int, default=9)
    return parser.parse_args()


def seconds(function, *args) -> float:
    start = time.perf_counter()
    function(*args)
    return time.perf_counter() - start


def sklearn_by_class(scores: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return np.array([average_precision_score(targets[:, k], scores[:, k]) for k in range(scores.shape[1])])


def host(scores: np.ndarray, targets: np.ndarray) -> torch.Tensor:
    return AveragePrecision.calculate(
        torch.from_numpy(scores), torch.from_numpy(targets).long(), average=None
    )


def measure(num_images: int, num_classes: int, rounds: int) -> dict[str, float]:
    """Median seconds of each, after a check that ours and scikit-learn's agree."""
    rng = np.random.default_rng(0)
    scores = rng.random((num_images, num_classes), dtype=np.float32)
    targets = rng.random((num_images, num_classes)) < 0.03
    targets[0] = True
    difference = np.abs(average_precision(scores, targets) - sklearn_by_class(scores, targets)).max()
    assert difference < 1e-6, f'ours differs from scikit-learn by {difference}'
    candidates = {'ours': average_precision, 'scikit-learn': sklearn_by_class, 'MMPretrain': host}
    times = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, function in candidates.items():
            times[name].append(seconds(function, scores, targets))
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    args = parse_args()
    torch.set_num_threads(1)
    print(f'{"images x classes":<18}{"":<14}{"seconds":>9}{"over ours":>11}')
    for size in args.sizes:
        num_images, num_classes = map(int, size.split('x'))
        for name, value in (medians := measure(num_images, num_classes, args.rounds)).items():
            print(f'{size:<18}{name:<14}{value:>9.4f}{value / medians["ours"]:>10.1f}x')


if __name__ == '__main__':
    main()

"""What a training and its test on 8 machines of 8 GPUs exchange and hold: the figures of docs/many_gpus.md.

    python tools/benchmarks/many_ranks.py
    python tools/benchmarks/many_ranks.py --ranks 16 --gbit 100

Samplers: every rank's part of an epoch's order is drawn, and checked against the one order of a single process.
Metrics: so many processes evaluate a test set together over gloo on this machine, count what they send, and get the
results of one process. Gradients: computed from the parameters of a config. The networks are not run.
"""

import argparse
import json
import logging
import multiprocessing
import pickle
import resource
import tempfile
import time
import tracemalloc
from pathlib import Path

import mmlongtail  # noqa: F401  first: it mends the host packages

# isort: split
import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.registry import METRICS, MODELS
from mmpretrain.structures import DataSample
from sampler_speed import Labels
from torch import distributed as dist

from mmlongtail.datasets.samplers import ClassAwareSampler, UniformSampler

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
CONFIG = CONFIGS / 'foundation' / 'inaturalist2018_vit_l14_ncl_fsdp.py'
MEGA, GIGA = 1e6, 1e9
KINDS = dict(single='LongTailSingleLabelMetric', multi='LongTailMultiLabelMetric')


class SeveralLabels(Labels):
    """Three labels per image, of classes that are about as frequent."""

    def image_labels(self) -> tuple[np.ndarray, np.ndarray]:
        images, labels = super().image_labels()
        several = (labels[:, None] + np.arange(3)) % len(self.metainfo['classes'])
        return np.repeat(images, 3), several.ravel()


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--ranks', type=int, default=64)
    parser.add_argument('--gbit', type=float, default=400, help="a machine's network, in Gbit/s")
    parser.add_argument('--batch-size', type=int, default=16, help='images of a rank in a step')
    parser.add_argument('--config', default=CONFIG, help='whose parameters are exchanged')
    parser.add_argument(
        '--single', default='437513x8142x24426', help='training images x classes x test images'
    )
    parser.add_argument('--multi', default='2000000x10000x100000', help='the same with several labels')
    parser.add_argument(
        '--share', type=int, default=32, help='of the test images, one of so many is evaluated'
    )
    return parser.parse_args()


def check_order(name: str, sampler, ranks: int, batch_size: int) -> str:
    """Draw all ranks' parts of an epoch's order, and tell what they are."""
    tracemalloc.start()
    start = time.process_time()
    order = sampler.order(0)
    seconds, peak = time.process_time() - start, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    sampler.world_size, parts = ranks, []
    for sampler.rank in range(ranks):
        parts.append(order[sampler.rank_rows()])
    dealt = np.stack(parts, axis=1).ravel()  # in turns
    if not np.array_equal(dealt, np.resize(order, len(dealt))):
        raise AssertionError(f"{name}: the ranks' parts are not the order of one process")
    drawn = [int(draw) for draw, _ in zip(sampler, range(100))]
    if drawn != parts[-1][: len(drawn)].tolist():
        raise AssertionError(f'{name}: the last rank draws other images than its part')
    steps = len(parts[0]) // batch_size
    return (
        f'{name}: {len(order):,} draws, {len(parts[0]):,} a rank, {len(dealt) - len(order)} of padding, {steps} steps; '
        f'{seconds:.1f} s and {peak / MEGA:.0f} MB in each rank'
    )


def test_set(kind: str, num_images: int, num_classes: int, rank: int, ranks: int) -> list[DataSample]:
    """A rank's images, every ``ranks``-th, with random scores; the same images for any number of ranks."""
    samples = []
    for i in range(rank, num_images, ranks):
        rng = np.random.default_rng(i)
        score = torch.from_numpy(rng.random(num_classes, np.float32))
        label = rng.integers(num_classes, size=3)
        sample = DataSample().set_pred_score(score)
        samples.append(sample.set_gt_label(int(label[0]) if kind == 'single' else np.unique(label)))
    return samples


def evaluate(kind: str, num_images: int, num_classes: int, rank: int = 0, ranks: int = 1) -> dict:
    """Results of a metric, what the rank has sent, and its growth in memory."""
    metric = METRICS.build(dict(type=KINDS[kind], class_counts=np.full(num_classes, 50)))
    metric.process(None, test_set(kind, num_images, num_classes, rank, ranks))
    before, sent = peak_memory(), count_sent()
    logging.disable()  # its tables
    results = metric.evaluate(num_images)
    logging.disable(logging.NOTSET)
    return dict(results=results, sent=sum(sent), memory=peak_memory() - before)


def count_sent() -> list[int]:
    """A list that takes the bytes of each tensor that this process sends from now on."""
    sent: list[int] = []

    def counted(name: str, argument: int, factor: float) -> None:
        function = getattr(dist, name)

        def call(*args, **kwargs):
            value = args[argument]
            size = value.nbytes if isinstance(value, torch.Tensor) else len(pickle.dumps(value))
            sent.append(int(factor * size))
            return function(*args, **kwargs)

        setattr(dist, name, call)

    if dist.is_initialized():
        ranks = dist.get_world_size()
        counted('all_reduce', 0, 2 * (ranks - 1) / ranks)  # of a ring
        counted('all_to_all_single', 1, (ranks - 1) / ranks)
        counted('all_gather_object', 1, ranks - 1)
    return sent


def peak_memory() -> int:
    """The most bytes that this process ever had in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def in_ranks(ranks: int, *arguments) -> list[dict]:
    """What :func:`evaluate` returns in each of so many processes."""
    context = multiprocessing.get_context('fork')
    with tempfile.TemporaryDirectory() as folder:
        processes = [
            context.Process(target=one_rank, args=(folder, *arguments, rank, ranks)) for rank in range(ranks)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        return [json.loads((Path(folder) / f'{rank}.json').read_text()) for rank in range(ranks)]


def one_rank(folder: str, kind: str, num_images: int, num_classes: int, rank: int, ranks: int) -> None:
    """A process of :func:`in_ranks`."""
    torch.set_num_threads(1)
    dist.init_process_group('gloo', f'file://{folder}/store', rank=rank, world_size=ranks)
    found = evaluate(kind, num_images, num_classes, rank, ranks)
    (Path(folder) / f'{rank}.json').write_text(json.dumps(found))
    dist.destroy_process_group()


def check_metric(kind: str, num_images: int, num_classes: int, share: int, ranks: int) -> str:
    """Evaluate in all ranks and in one, and tell what a rank sends; of all images, by that of a share of them."""
    some = max(num_images // share, 1)
    found, alone = in_ranks(ranks, kind, some, num_classes), evaluate(kind, some, num_classes)
    for key, value in alone['results'].items():
        if not all(np.isclose(each['results'][key], value, rtol=1e-9) for each in found):
            raise AssertionError(f'{kind}: {key} of {ranks} processes is not that of one')
    sent, memory = (max(each[key] for each in found) for key in ('sent', 'memory'))
    per_image = 4 + (kind == 'multi')
    whole = num_images * num_classes * per_image
    growth = 1 if kind == 'single' else num_images / some
    return (
        f'{kind} label, {some:,} of {num_images:,} test images, {num_classes:,} classes: equal to one process; a rank '
        f'sends {sent / MEGA:.2f} MB and grows by {memory / MEGA:.0f} MB; of all images {sent * growth / MEGA:.1f} MB. '
        f'Gathered scores would be {whole / MEGA:,.0f} MB in one process'
    )


def gradient_lines(config: str | Path, ranks: int, gbit: float) -> list[str]:
    """What a step exchanges and a GPU holds, by strategy."""
    cfg = Config.fromfile(config)
    init_default_scope(cfg.default_scope)
    model = MODELS.build({**cfg.model, 'data_preprocessor': cfg.get('data_preprocessor')})
    number = sum(p.numel() for p in model.parameters())
    head = sum(p.numel() for p in model.head.parameters())
    ring = (ranks - 1) / ranks * number
    rows = [  # bytes a rank sends in a step, bytes of weights, gradients and two moments that it holds
        ('DDP', 2 * 4 * ring, 16 * number),
        ('FSDP', 3 * 4 * ring, 16 * number / ranks),
        ('FSDP, bfloat16 gathered', 3 * 2 * ring, 16 * number / ranks),
        ('DeepSpeed stage 2, bfloat16', 2 * 2 * ring, 2 * number + 14 * number / ranks),
    ]
    lines = [f'{number / MEGA:.1f} million parameters, {head / MEGA:.1f} of them in the head']
    for name, sent, held in rows:
        seconds = sent * 8 / (gbit * GIGA)
        lines.append(
            f'{name}: {sent / MEGA:,.1f} MB a step, {seconds:.3f} s at {gbit:g} Gbit/s; holds {held / GIGA:.2f} GB'
        )
    return lines


def main() -> None:
    """Print all figures; an AssertionError if ranks and one process differ."""
    args = parse_args()
    single, multi = ([int(n) for n in text.split('x')] for text in (args.single, args.multi))
    one, several = Labels(*single[:2]), SeveralLabels(*multi[:2])
    orders = {
        'uniform, one label': UniformSampler(one, seed=0),
        'class-aware, one label': ClassAwareSampler(one, reduce='auto', seed=0),
        'class-aware, several labels': ClassAwareSampler(several, reduce='auto', seed=0),
    }
    for name, sampler in orders.items():
        print(check_order(name, sampler, args.ranks, args.batch_size), flush=True)
    for kind, sizes in (('single', single), ('multi', multi)):
        print(check_metric(kind, sizes[2], sizes[1], args.share, args.ranks), flush=True)
    print(*gradient_lines(args.config, args.ranks, args.gbit), sep='\n')


if __name__ == '__main__':
    main()

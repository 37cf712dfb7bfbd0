"""Choose the raised factors of the Probability Guided loss on folds of the training set of VOC-LT′.

The paper prints no values. Each candidate, a lambda_1^- and a lambda_2^+ for the tail classes, trains on all folds but
one and is tested on that one, so the test set chooses nothing. Rows go to a CSV; what is there is not trained again::

    python tools/experiments/pg_search.py --data DIR --neg-scale 5 10 20 --pos-divisor 1 2
    python tools/experiments/pg_search.py --data DIR --network EfficientNetLite-lite0-conv_head --features
    python tools/experiments/pg_search.py --summary

DIR, ``--network`` and ``--features`` are those of ``voc_lt_prime.py``; ``--configs`` may name other configs of the
loss.
"""

import argparse
import csv
import statistics
from itertools import product
from pathlib import Path

import numpy as np
import voc_lt_prime
from mmengine.config import Config
from mmpretrain.registry import DATASETS
from networks import NETWORKS, add_feature_options

from mmlongtail.analysis.results import SCORES
from mmlongtail.analysis.run_record import METRIC_OF, last_evaluation
from mmlongtail.structures import ClassStatistics, image_labels

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / 'configs/pg'
CANDIDATE = ('neg_scale_tail', 'pos_divisor_tail')
SETTING = ('config', 'network')
COLUMNS = (*SETTING, *CANDIDATE, 'fold', 'folds', 'seed', 'commit', 'machine', *SCORES)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--data', type=Path, help='folder of VOCdevkit and mobilenet')
    parser.add_argument(
        '--configs', nargs='+', default=['voc_lt.py'], help='of configs/pg (default: %(default)s)'
    )
    parser.add_argument('--network', choices=NETWORKS, default='MobileNetV1')
    add_feature_options(parser)
    parser.add_argument(
        '--neg-scale', type=float, nargs='+', default=[5.0, 10.0], help='lambda_1^- of the tail'
    )
    parser.add_argument(
        '--pos-divisor', type=float, nargs='+', default=[1.0, 2.0], help='lambda_2^+ of the tail'
    )
    parser.add_argument('--num-folds', type=int, default=3)
    parser.add_argument('--folds', type=int, nargs='+', help='test on these only (default: on all)')
    parser.add_argument('--csv', type=Path, default=ROOT / 'configs/pg/search.csv')
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/pg_search'))
    parser.add_argument('--commit', default='')
    parser.add_argument('--machine', default='')
    parser.add_argument('--summary', action='store_true', help='print the means over folds and train nothing')
    parser.add_argument('--cfg-options', nargs='+', default=[], help='as in tools/train.py')
    return parser.parse_args()


def deal_into_folds(dataset, num_folds: int) -> np.ndarray:
    """The fold of each image, (N,): the images of one rarest class are dealt out in turn, after a shuffle of seed 0."""
    images, classes = image_labels(dataset)
    counts = ClassStatistics.from_dataset(dataset).class_counts
    rarest = np.full(len(dataset), -1)
    for image, label in sorted(zip(images, classes), key=lambda pair: -counts[pair[1]]):
        rarest[image] = label
    shuffled = np.random.default_rng(0).permutation(len(dataset))
    by_class = shuffled[np.argsort(rarest[shuffled], kind='stable')]
    folds = np.empty(len(dataset), int)
    folds[by_class] = np.arange(len(dataset)) % num_folds
    return folds


def write_lists(devkit: Path, out: Path, num_folds: int) -> None:
    """``train<i>.txt`` and ``val<i>.txt`` with the image ids of each fold's two parts."""
    dataset = DATASETS.build(
        dict(Config.fromfile(CONFIGS / 'voc_lt.py').train_dataloader.dataset.dataset, data_root=str(devkit))
    )
    ids = np.array([dataset.get_data_info(i)['img_id'] for i in range(len(dataset))])
    folds = deal_into_folds(dataset, num_folds)
    out.mkdir(parents=True, exist_ok=True)
    for fold in range(num_folds):
        for name, part in (('train', folds != fold), ('val', folds == fold)):
            (out / f'{name}{fold}.txt').write_text('\n'.join(ids[part]) + '\n')


def read_csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.open(newline=''))) if path.exists() else []


def train(args: argparse.Namespace, config: str, neg_scale: float, pos_divisor: float, fold: int) -> dict:
    """Scores of one candidate on one fold."""
    work_dir = args.work_dir / f'{Path(config).stem}_neg{neg_scale:g}_pos{pos_divisor:g}_fold{fold}'
    options = [
        f'train_dataloader.dataset.dataset.ids={args.work_dir.resolve()}/train{fold}.txt',
        f'val_dataloader.dataset.ids={args.work_dir.resolve()}/val{fold}.txt',
        'val_dataloader.dataset.year=VOC2012',
        f'model.head.loss.neg_scale.tail={neg_scale}',
        f'model.head.loss.pos_divisor.tail={pos_divisor}',
    ]
    command = [str(CONFIGS / config), '--data', str(args.data), '--network', args.network]
    command += ['--features', args.features, '--views', str(args.views)] if args.features else []
    command += ['--seed', str(fold), '--work-dir', str(work_dir)]
    voc_lt_prime.main([*command, '--cfg-options', *options, *args.cfg_options])
    scores = last_evaluation(work_dir)
    return {score: f'{scores[f"long-tail/{METRIC_OF[score]}"]:.2f}' for score in SCORES}


def search(args: argparse.Namespace) -> None:
    write_lists(args.data / 'VOCdevkit', args.work_dir, args.num_folds)
    folds = range(args.num_folds) if args.folds is None else args.folds
    network = args.network + ', cached' * bool(args.features)
    for fold, config, *candidate in product(folds, args.configs, args.neg_scale, args.pos_divisor):
        identity = dict(config=config, network=network, fold=str(fold), folds=str(args.num_folds))
        identity |= dict(zip(CANDIDATE, (f'{value:g}' for value in candidate)))
        if any(identity.items() <= row.items() for row in read_csv(args.csv)):
            continue
        scores = train(args, config, *candidate, fold)
        row = dict(identity, seed=fold, commit=args.commit, machine=args.machine, **scores)
        is_new = not args.csv.exists()
        with args.csv.open('a', newline='') as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator='\n')
            if is_new:
                writer.writeheader()
            writer.writerow(row)


def print_summary(rows: list[dict[str, str]]) -> None:
    """A Markdown table: a line per candidate, its total on each fold, means where it was tested on all."""
    folds = sorted({row['fold'] for row in rows})
    print(
        f'| config | network | λ₁⁻ tail | λ₂⁺ tail | fold {" | fold ".join(folds)} | mean total | mean tail |'
    )
    print(f'| --- | --- |{"---:|" * (4 + len(folds))}')
    candidates: dict[tuple[str, ...], dict[str, dict[str, str]]] = {}
    for row in rows:
        candidates.setdefault(tuple(row[name] for name in (*SETTING, *CANDIDATE)), {})[row['fold']] = row
    for candidate, runs in candidates.items():
        cells = [runs[fold]['total'] if fold in runs else '–' for fold in folds]
        means = [statistics.fmean(float(run[score]) for run in runs.values()) for score in ('total', 'tail')]
        cells += [f'{mean:.2f}' for mean in means] if len(runs) == len(folds) else ['–'] * 2
        print(f'| {" | ".join((*candidate, *cells))} |')


def main() -> None:
    args = parse_args()
    if not args.summary:
        if args.data is None:
            raise SystemExit('--data is needed: the folder of VOCdevkit and mobilenet')
        search(args)
    print_summary(read_csv(args.csv))


if __name__ == '__main__':
    main()

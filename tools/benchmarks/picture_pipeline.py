"""Images/s of the data path of 224 px pictures beside decoding and resizing the same files, in one process.

    python tools/benchmarks/picture_pipeline.py                               # pictures of noise, 500 x 375
    python tools/benchmarks/picture_pipeline.py --data-root data/VOCdevkit    # those of VOC-LT

The pipeline is that of ``configs/_base_/datasets/two_streams_224.py``, with the draws of its samplers, up to the
sample that a worker hands over. Each way takes its turn on the same pictures, in each of the rounds, so that a busy
machine slows all; the median of the rounds' ratios counts.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import mmlongtail  # noqa: F401  first: it mends the host packages

# isort: split
import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmpretrain.registry import BATCH_AUGMENTS, DATASETS, TRANSFORMS

from mmlongtail.datasets import Draw

SETS = Path(__file__).resolve().parents[2] / 'configs/_base_/datasets'
CONFIG, BATCHED = SETS / 'two_streams_224.py', SETS / 'voc_lt_batched.py'
BATCH = 32
SIDES = (375, 500)  # of most pictures of VOC, in pixels
SIDE = 224
SMALLEST = 280  # px of a shorter side of which a crop keeps 224 at least
GOALS = {'training': (0, 0.8), 'load, cached': (1, 2.0)}  # over which of the first two, and how much


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--data-root', type=Path, help='VOCdevkit folder with voc_lt_ids.txt')
    parser.add_argument('--images', type=int, default=200)
    parser.add_argument('--rounds', type=int, default=7)
    return parser.parse_args()


def make_pictures(folder: Path, number: int) -> dict:
    """Config of a data set of smooth noise, about as hard to decode as photographs are."""
    rng = np.random.default_rng(0)
    for i in range(number):
        noise = rng.integers(0, 256, (40, 53, 3), dtype=np.uint8)
        picture = cv2.resize(noise, SIDES[::-1], interpolation=cv2.INTER_CUBIC)
        grain = rng.integers(0, 24, picture.shape, dtype=np.uint8)
        cv2.imwrite(str(folder / f'{i}.jpg'), cv2.add(picture, grain), [cv2.IMWRITE_JPEG_QUALITY, 90])
    (folder / 'list.csv').write_text(''.join(f'{i}.jpg,{i % 2}\n' for i in range(number)))
    return dict(type='ListFileDataset', data_root=str(folder), ann_file='list.csv', classes=['a', 'b'])


def ways(source: dict, folder: Path, images: int) -> dict[str, Callable[[int], object]]:
    """What is measured, as functions of an image's number."""
    cfg = Config.fromfile(CONFIG)
    half = [dict(type='LoadReducedImage', least_side=SIDE // 2), *cfg.train_pipeline[1:]]
    for step in half:
        step.update(scale=(SIDE // 2,) * 2) if step['type'] == 'Resize' else None
    plain = dict(source, pipeline=cfg.train_pipeline)
    cached = dict(type='CachedPictures', folder=str(folder), short_side=SMALLEST, dataset=plain)
    batched = Config.fromfile(BATCHED)
    loaded = dict(source, pipeline=batched.train_pipeline)
    configs = {
        'training': plain,
        'training, cached': cached,
        'training, rest in batches': loaded,
        'training, cached, rest in batches': dict(cached, dataset=loaded),
        'training, 112 px, reduced': dict(source, pipeline=half),
        'load': dict(source, pipeline=cfg.train_pipeline[:1]),
        'load, cached': dict(cached, short_side=None, dataset=dict(source, pipeline=cfg.train_pipeline[:1])),
        'test': dict(source, pipeline=cfg.test_pipeline),
        'test, cached': dict(cached, short_side=None, dataset=dict(source, pipeline=cfg.test_pipeline)),
    }
    datasets = {name: DATASETS.build(dict(type='DrawDataset', dataset=c)) for name, c in configs.items()}
    datasets['training'].full_init()
    paths = [datasets['training'].get_data_info(i)['img_path'] for i in range(images)]

    def decode(i: int, flag: int = cv2.IMREAD_COLOR) -> np.ndarray:
        return cv2.imdecode(np.frombuffer(Path(paths[i]).read_bytes(), np.uint8), flag)

    def taken(dataset) -> Callable[[int], dict]:
        dataset.full_init()
        return lambda i: dataset[Draw(i, None, 7919 * i)]

    return {
        'decode and resize': lambda i: cv2.resize(decode(i), (SIDE, SIDE)),
        'decode': decode,
        'decode at half the size': lambda i: decode(i, cv2.IMREAD_REDUCED_COLOR_2),
        **{name: taken(dataset) for name, dataset in datasets.items()},
        **distortions(cfg, batched),
    }


def distortions(cfg: Config, batched: Config) -> dict[str, Callable[[int], object]]:
    """Flip and photometric distortion alone, of one image each time and of a batch each ``BATCH`` times."""
    images = torch.randint(256, (BATCH, 3, SIDE, SIDE)).byte()
    pictures = list(np.ascontiguousarray(images.permute(0, 2, 3, 1).numpy()))
    flip, distort = map(TRANSFORMS.build, cfg.train_pipeline[3:5])
    batch = torch.nn.Sequential(*map(BATCH_AUGMENTS.build, batched.data_preprocessor.augments))
    return {
        'flip and distort, per image': lambda i: distort(flip(dict(img=pictures[i % BATCH]))),
        'flip and distort, per batch': lambda i: batch(images) if i % BATCH == 0 else None,
    }


def images_per_second(way: Callable[[int], object], images: int) -> float:
    """Of this process's own seconds, which leave out what neighbors take."""
    start = time.process_time()
    for i in range(images):
        way(i)
    return images / (time.process_time() - start)


def main() -> None:
    args = parse_args()
    torch.set_num_threads(1), cv2.setNumThreads(0)
    with tempfile.TemporaryDirectory() as folder:
        if args.data_root is None:
            source = make_pictures(Path(folder), args.images)
        else:
            source = dict(type='VOCLT', data_root=str(args.data_root), ids='voc_lt_ids.txt')
        measured = ways(source, Path(folder, 'cache'), args.images)
        rounds = [
            {name: images_per_second(way, args.images) for name, way in measured.items()}
            for _ in range(args.rounds + 1)
        ]
    print(f'{"way":36}{"images/s":>10}{"over decode and resize":>24}{"over decode":>13}')
    for name in measured:
        ratios = [
            statistics.median(r[name] / r[base] for r in rounds[1:])  # the first one fills the caches
            for base in ('decode and resize', 'decode')
        ]
        speed = statistics.median(r[name] for r in rounds[1:])
        place, least = GOALS.get(name, (0, 0))
        goal = (
            f'   goal: {("over decode and resize", "over decode")[place]} at least {least}' if least else ''
        )
        print(f'{name:36}{speed:10,.0f}{ratios[0]:24.2f}{ratios[1]:13.2f}{goal}')


if __name__ == '__main__':
    main()

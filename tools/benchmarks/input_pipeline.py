"""Images/s of both input paths for 32 px images, side by side: the host's transforms per image, ours per batch.

    python tools/benchmarks/input_pipeline.py                            # random images, CPU, one thread
    python tools/benchmarks/input_pipeline.py --data-root data/cifar     # the images of CIFAR-100-LT
    python tools/benchmarks/input_pipeline.py --device cuda

Both go from the data set through a data loader without workers to the normalized batch that the model gets. The rounds
of the two take turns, so that a busy machine slows both; medians are compared. Seconds are the process's own on a CPU,
which leaves out what its neighbors take, and the clock's on a GPU.
"""

import argparse
import statistics
import time

import mmlongtail  # noqa: F401  first: it mends the host packages

# isort: split
import numpy as np
import torch
from mmengine.dataset import default_collate
from mmpretrain.datasets import BaseDataset
from mmpretrain.registry import DATASETS, MODELS
from torch.utils.data import DataLoader

from mmlongtail.datasets.wrappers.batched import ready_batch_collate

PICTURES = 10_000  # of noise
MEAN_STD = dict(mean=[125.307, 122.961, 113.8575], std=[51.5865, 50.847, 51.255])
RAND_AUGMENT = dict(policies='timm_increasing', num_policies=2, magnitude_level=9, magnitude_std=0.5)
HOST = dict(
    crop=dict(type='RandomCrop', crop_size=32, padding=4),
    flip=dict(type='RandomFlip', prob=0.5),
    RandAugment=dict(type='RandAugment', **RAND_AUGMENT),
    AutoAugment=dict(type='AutoAugment', policies='imagenet'),
    cutout=dict(type='Cutout', shape=16, prob=1.0),
)
OURS = dict(
    crop=dict(type='BatchRandomCrop', padding=4),
    flip=dict(type='BatchRandomFlip', prob=0.5),
    RandAugment=dict(type='BatchRandAugment', **RAND_AUGMENT),
    AutoAugment=dict(type='BatchAutoAugment', policies='imagenet'),
    cutout=dict(type='BatchCutout', shape=16, prob=1.0),
)
RECIPES = (
    ('crop', 'flip'),
    ('crop', 'flip', 'RandAugment'),
    ('crop', 'flip', 'AutoAugment', 'cutout'),
)


class RandomPictures(BaseDataset):
    """Noise in CIFAR's form."""

    METAINFO = dict(classes=tuple(map(str, range(100))))

    def __init__(self, pipeline: list) -> None:
        super().__init__(ann_file='', pipeline=pipeline)

    def load_data_list(self) -> list[dict]:
        pictures = np.random.default_rng(0).integers(0, 256, (PICTURES, 32, 32, 3), dtype=np.uint8)
        return [dict(img=picture, gt_label=i % 100) for i, picture in enumerate(pictures)]


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--data-root', help='folder with the archive of CIFAR-100')
    parser.add_argument('--device', default='cpu', help='where the model, and so the preprocessor, lies')
    parser.add_argument('--batch-size', type=int, default=256, help='the default is that of NCL++')
    parser.add_argument('--images', type=int, default=2048, help='images of each path in a round')
    parser.add_argument('--rounds', type=int, default=5)
    return parser.parse_args()


def source(data_root: str | None, pipeline: list):
    """The inner data set with a pipeline."""
    if data_root is None:
        return RandomPictures(pipeline)
    config = dict(type='CIFAR100LT', data_root=data_root, imbalance_factor=50, verify=False)
    return DATASETS.build(dict(config, pipeline=pipeline))


def paths(recipe: tuple[str, ...], args: argparse.Namespace) -> dict[str, tuple]:
    """Data loader and preprocessor of either path."""
    pack = dict(type='PackInputs')
    host = source(args.data_root, [*(HOST[name] for name in recipe), pack])
    batched = DATASETS.build(dict(type='BatchedDataset', dataset=source(args.data_root, [pack])))
    batched.full_init()
    loaders = (
        DataLoader(host, args.batch_size, shuffle=True, collate_fn=default_collate),
        DataLoader(batched, args.batch_size, shuffle=True, collate_fn=ready_batch_collate),
    )
    configs = (
        dict(type='ClsDataPreprocessor', **MEAN_STD),
        dict(type='BatchAugmentPreprocessor', **MEAN_STD, augments=[OURS[name] for name in recipe]),
    )
    preprocessors = [MODELS.build(config).to(args.device) for config in configs]
    return dict(zip(('per image', 'per batch'), zip(loaders, preprocessors)))


def images_per_second(loader: DataLoader, preprocessor, images: int) -> float:
    """Speed of one path over that many images or the first batch after them."""
    on_gpu = preprocessor.device.type == 'cuda'
    clock = time.perf_counter if on_gpu else time.process_time
    seen, start = 0, clock()
    for batch in loader:
        seen += len(preprocessor(batch, training=True)['inputs'])
        if seen >= images:
            break
    if on_gpu:
        torch.cuda.synchronize()
    return seen / (clock() - start)


def main() -> None:
    args = parse_args()
    torch.set_num_threads(1)
    print(f'{"augmentation":34} {"per image":>12} {"per batch":>12}   images/s, {args.device}')
    for recipe in RECIPES:
        speeds: dict[str, list[float]] = {}
        routes = paths(recipe, args)
        for _ in range(args.rounds + 1):  # the first one warms up
            for name, route in routes.items():
                speeds.setdefault(name, []).append(images_per_second(*route, args.images))
        host, ours = [statistics.median(values[1:]) for values in speeds.values()]
        print(f'{" + ".join(recipe):34} {host:12,.0f} {ours:12,.0f}   {ours / host:.1f} times')


if __name__ == '__main__':
    main()

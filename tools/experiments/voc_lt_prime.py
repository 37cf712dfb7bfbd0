"""Train, or test, any VOC-LT config of the project on VOC-LT′, the real pictures that its own experiments use.

VOC-LT′ has VOC-LT's classes and nearly its counts, but other pictures in part and another test set, so its numbers
compare methods with each other and never with a paper's. The network is a small MobileNetV1 with ImageNet weights, the
pictures are small: everything else is the config's::

    python tools/experiments/voc_lt_prime.py configs/collab/voc_lt.py --data DIR --seed 0

DIR holds ``VOCdevkit`` (with ``voc_lt_ids.txt``) and ``mobilenet`` (the backbone and its weights).
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from mmengine.config import Config, ConfigDict
from mmengine.utils import import_modules_from_strings

import mmlongtail  # noqa: F401  first: it mends the host packages
from mmlongtail.apis import command_line

CHANNELS = 768


def use_small_network(model: ConfigDict, weights: Path) -> None:
    """MobileNetV1 0.75 instead of ResNet-50; its stages 1 and 2 are a ResNet's stem and stage 1."""
    frozen_stages = model.backbone.get('frozen_stages', -1) + 1
    model.backbone = ConfigDict(
        type='MobileNetV1', weights=str(weights), out_indices=(4,), frozen_stages=frozen_stages
    )
    reader = model.neck if 'in_channels' in (model.get('neck') or {}) else model.head
    reader.in_channels = CHANNELS
    if model.get('branch_modules'):
        model.branch_modules = ['backbone.layer5', *model.branch_modules[1:]]


def use_pictures(cfg: Config, devkit: Path, side: int) -> None:
    """Point the loaders at the devkit and resize to ``side`` x ``side`` pixels."""
    cfg.data_preprocessor.update(mean=[127.5] * 3, std=[127.5] * 3)  # what the network was trained with
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        dataset = loader.dataset.get('dataset', loader.dataset)
        dataset.data_root = str(devkit)
        for transform in all_transforms(dataset.pipeline):
            if transform.type == 'Resize':
                transform.scale = (side, side)


def all_transforms(pipeline: Iterable) -> Iterator[ConfigDict]:
    """Every transform, also those inside others, such as MultiView's."""
    for step in pipeline:
        inside = step if isinstance(step, list) else step.get('transforms', [])
        yield from all_transforms(inside)
        if inside is not step:
            yield step


def main(argv=None) -> None:
    """Train; ``argv`` defaults to the command line's arguments."""
    parser = command_line.common_parser(__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, required=True, help='folder of VOCdevkit and mobilenet')
    parser.add_argument('--image-size', type=int, default=128, help='side of the pictures, pixels')
    parser.add_argument('--seed', type=int, default=0, help='seed of the run')
    parser.add_argument('--test', metavar='CHECKPOINT', help='test this instead of training')
    args, cfg = command_line.parse(parser, argv)
    devkit, network = args.data / 'VOCdevkit', args.data / 'mobilenet'
    for needed in (devkit / 'voc_lt_ids.txt', network / 'mobilenet_v1.py'):
        if not needed.is_file():
            parser.error(f'--data {args.data}: {needed} is missing')
    sys.path.insert(0, str(network))
    cfg.custom_imports = dict(imports=['mmlongtail', 'mobilenet_v1'])
    import_modules_from_strings(**cfg.custom_imports)
    use_small_network(cfg.model, network / 'mobilenet_v1_075_224.npz')
    use_pictures(cfg, devkit, args.image_size)
    cfg.randomness = dict(seed=args.seed)
    if args.work_dir is None:
        cfg.work_dir = f'work_dirs/voc_lt_prime/{Path(args.config).stem}/seed{args.seed}'
    cfg.load_from = args.test or cfg.load_from
    command_line.run(cfg, lambda runner: runner.test() if args.test else runner.train())


if __name__ == '__main__':
    main()

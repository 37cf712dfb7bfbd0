"""Train, or test, any VOC-LT config of the project on VOC-LT′, the real pictures that its own experiments use.

VOC-LT′ has VOC-LT's classes and nearly its counts, but other pictures in part and another test set, so its numbers
compare methods with each other and never with a paper's. The network is a small one with ImageNet weights, all but its
last stage frozen, the backbone at a tenth of the config's learning rate unless its last convolution alone learns;
pictures are small, and only the last epoch is evaluated. Everything else is the config's::

    python tools/experiments/voc_lt_prime.py configs/collab/voc_lt.py --data DIR --seed 0

The rate is the same for all rows of a table: with the full rate a network of ReLU6 and depthwise convolutions whose
batch norm keeps its statistics dies under plain binary cross-entropy.

With ``--features`` the frozen part sees each picture in 8 random views only, and a run takes minutes.

DIR holds ``VOCdevkit`` (with ``voc_lt_ids.txt``) and ``mobilenet`` (the backbone and its weights).
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from mmengine.config import Config, ConfigDict
from mmengine.utils import import_modules_from_strings
from networks import NETWORKS, add_feature_options, use_features, use_network

import mmlongtail  # noqa: F401  first: it mends the host packages
from mmlongtail.apis import command_line


def use_pictures(cfg: Config, devkit: Path, side: int) -> None:
    """Point the loaders at the devkit and resize to ``side`` x ``side`` pixels."""
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
    parser.add_argument('--network', choices=NETWORKS, default='MobileNetV1')
    parser.add_argument('--image-size', type=int, help="side of the pictures, pixels (the network's)")
    parser.add_argument('--frozen-stages', type=int, help='of the network (all but the last)')
    parser.add_argument(
        '--backbone-rate', type=float, help="factor of the backbone's learning rate (the network's)"
    )
    add_feature_options(parser)
    parser.add_argument('--seed', type=int, default=0, help='seed of the run')
    parser.add_argument(
        '--resume', action='store_true', help='go on from the last checkpoint in the work dir'
    )
    parser.add_argument('--test', metavar='CHECKPOINT', help='test this instead of training')
    args, cfg = command_line.parse(parser, argv)
    network, devkit, mobilenet = NETWORKS[args.network], args.data / 'VOCdevkit', args.data / 'mobilenet'
    for needed in (devkit / 'voc_lt_ids.txt', mobilenet / 'mobilenet_v1.py'):
        if not needed.is_file():
            parser.error(f'--data {args.data}: {needed} is missing')
    if args.network == 'MobileNetV1':
        sys.path.insert(0, str(mobilenet))
        cfg.custom_imports = dict(imports=['mmlongtail', 'mobilenet_v1'])
        import_modules_from_strings(**cfg.custom_imports)
        network.backbone['weights'] = str(mobilenet / 'mobilenet_v1_075_224.npz')
    frozen_stages = network.frozen_stages if args.frozen_stages is None else args.frozen_stages
    rate = network.rate if args.backbone_rate is None else args.backbone_rate
    use_network(cfg, network, frozen_stages, rate)
    use_pictures(cfg, devkit, args.image_size or network.image_size)
    if args.features:
        use_features(cfg, network, args.features, args.views)
    cfg.train_cfg.val_interval = cfg.train_cfg.max_epochs
    cfg.randomness, cfg.resume = dict(seed=args.seed), args.resume
    if args.work_dir is None:
        config = Path(args.config).resolve()
        run = f'{config.parent.name}_{config.stem}'
        cfg.work_dir = f'work_dirs/voc_lt_prime/{args.network}/{run}/seed{args.seed}'
    cfg.load_from = args.test or cfg.load_from
    command_line.run(cfg, lambda runner: runner.test() if args.test else runner.train())


if __name__ == '__main__':
    main()

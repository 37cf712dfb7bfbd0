r"""Train, or test, any CIFAR config of the project on CIFAR-LT′ with a schedule cut to fit a CPU.

CIFAR-LT′ has the official test sets, and training sets of the official sizes drawn from the official images, but not
by the official draw, so its numbers compare methods with each other and never with a paper's. Epochs, warm-up,
milestones and the start of deferred re-weighting shrink by the same factor, such as 30 epochs standing for 200::

    python tools/experiments/cifar_lt_prime.py configs/baselines/singlelabel/cifar100_lt_if100_ce.py --data DIR
    python tools/experiments/cifar_lt_prime.py configs/gcl/cifar100_lt_if100.py --data DIR --load-from STAGE1.pth
    python tools/experiments/cifar_lt_prime.py configs/ncl/cifar100_lt_if100.py --data DIR --epochs 15 --of 400 \
        --simple-augmentation

With ``--network`` a network with ImageNet weights, of which the last stage alone learns, sees the images enlarged,
crop and flip alone; the backbone has a tenth of the config's learning rate. With ``--features`` a run takes minutes::

    python tools/experiments/cifar_lt_prime.py configs/ncl/cifar100_lt_if100.py --data DIR --epochs 15 --of 400 \
        --network EfficientNetLite-lite0-conv_head --features --copies 2

DIR holds the two archives' folders; their md5 sums may differ from the official ones.
"""

from fractions import Fraction
from pathlib import Path

from mmengine.config import Config, ConfigDict
from networks import NETWORKS, Network, add_feature_options, use_features, use_network

import mmlongtail  # noqa: F401  first: it mends the host packages
from mmlongtail.apis import command_line


def shorten(cfg: Config, factor: Fraction) -> None:
    """Multiply all that counts epochs; what takes any takes one at least."""

    def scaled(epochs: int) -> int:
        return max(1, round(epochs * factor)) if epochs else 0

    cfg.train_cfg.max_epochs = cfg.train_cfg.val_interval = scaled(cfg.train_cfg.max_epochs)
    for scheduler in cfg.param_scheduler:
        scheduler.update({key: scaled(scheduler[key]) for key in ('begin', 'end') if key in scheduler})
        if scheduler.type == 'LinearLR':
            scheduler.convert_to_iter_based = True  # by epochs, a warm-up of one epoch would never end
        if 'milestones' in scheduler:
            scheduler.milestones = [scaled(epoch) for epoch in scheduler.milestones]
    loss = cfg.model.head.get('loss', {})
    if loss.get('drw_epoch'):
        loss.drw_epoch = scaled(loss.drw_epoch)


def image_sets(cfg: Config) -> list[ConfigDict]:
    """The data sets of all loaders, the hooks' too."""
    loaders = [cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader]
    if 'class_mean' in cfg.default_hooks:
        loaders.append(cfg.default_hooks.class_mean.dataloader)
    return [loader.dataset.get('dataset', loader.dataset) for loader in loaders]


def use_simple_augmentation(cfg: Config) -> None:
    """Crop and flip alone, as in NCL++'s Table 4: short schedules learn too little from stronger ones."""
    simple = ('BatchRandomCrop', 'BatchRandomFlip')
    cfg.data_preprocessor.augments = [a for a in cfg.data_preprocessor.augments if a.type in simple]


def use_batches(cfg: Config) -> None:
    """Hold the images in memory and augment whole batches, where the config does not do so already."""
    loader = cfg.train_dataloader
    if loader.dataset.type == 'BatchedDataset':
        return
    inner = ConfigDict(loader.dataset, pipeline=[dict(type='PackInputs')])
    loader.update(num_workers=0, persistent_workers=False, collate_fn=dict(type='ready_batch_collate'))
    loader.dataset = ConfigDict(type='BatchedDataset', dataset=inner)
    crop_and_flip = [dict(type='BatchRandomCrop', padding=4), dict(type='BatchRandomFlip', prob=0.5)]
    cfg.data_preprocessor.update(type='BatchAugmentPreprocessor', augments=crop_and_flip)


def enlarge(cfg: Config, side: int) -> None:
    """Resize the images to ``side`` x ``side`` pixels, those of the training before crop and flip, in memory."""
    resize = dict(type='Resize', scale=(side, side))
    for dataset in image_sets(cfg):
        dataset.pipeline = [resize, *dataset.pipeline]
    for augment in cfg.data_preprocessor.augments:
        if augment.type == 'BatchRandomCrop':
            augment.padding = augment.padding * side // 32


def use_pretrained(cfg: Config, network: Network, side: int) -> None:
    """A pretrained network in the place of the config's, on enlarged images."""
    use_batches(cfg)
    use_simple_augmentation(cfg)
    enlarge(cfg, side)
    use_network(cfg, network, network.frozen_stages, rate=0.1, norm_eval=True)


def use_pictures(cfg: Config, data_root: Path) -> None:
    """Point every loader at the archives."""
    for dataset in image_sets(cfg):
        dataset.update(data_root=str(data_root), verify=False)


def main(argv=None) -> None:
    """Train; ``argv`` defaults to the command line's arguments."""
    parser = command_line.common_parser(__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, required=True, help="folder of the two archives' folders")
    parser.add_argument('--epochs', type=int, default=30, help='epochs that stand for those of --of')
    parser.add_argument('--of', type=int, default=200, help="epochs of the paper's training from scratch")
    parser.add_argument('--batched', action='store_true', help='images in memory, batches augmented at once')
    parser.add_argument('--simple-augmentation', action='store_true', help='leave out all but crop and flip')
    parser.add_argument(
        '--network',
        choices=[name for name in NETWORKS if name.startswith('EfficientNet')],
        help="with ImageNet weights, in the place of the config's",
    )
    parser.add_argument('--image-size', type=int, default=96, help='that --network sees, pixels')
    parser.add_argument('--copies', type=int, help="of each image, instead of the config's num_views")
    add_feature_options(parser)
    parser.add_argument('--seed', type=int, default=0, help='seed of the run')
    parser.add_argument('--load-from', help='checkpoint of stage 1')
    parser.add_argument(
        '--resume', action='store_true', help='go on from the last checkpoint in the work dir'
    )
    parser.add_argument('--test', metavar='CHECKPOINT', help='test this instead of training')
    args, cfg = command_line.parse(parser, argv)
    shorten(cfg, Fraction(args.epochs, args.of))
    use_pictures(cfg, args.data)
    if args.batched:
        use_batches(cfg)
    if args.amp:
        cfg.optim_wrapper.type = command_line.amp_wrapper_type()
    if args.simple_augmentation:
        use_simple_augmentation(cfg)
    if args.network:
        use_pretrained(cfg, NETWORKS[args.network], args.image_size)
        if args.features:
            use_features(cfg, NETWORKS[args.network], args.features, args.views)
    if args.copies:
        cfg.data_preprocessor.num_views = args.copies
    cfg.randomness, cfg.resume = dict(seed=args.seed), args.resume
    if args.work_dir is None:
        cfg.work_dir = f'work_dirs/cifar_lt_prime/{Path(args.config).stem}/seed{args.seed}'
    cfg.load_from = args.test or args.load_from or cfg.load_from
    command_line.run(cfg, lambda runner: runner.test() if args.test else runner.train())


if __name__ == '__main__':
    main()

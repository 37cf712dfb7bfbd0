"""Training step with LabelProbabilityHook over the same step without it.

Steps with and without take turns, so a busy machine slows both alike. A round is as many steps of each kind as there
are between two records, so it has one record; the ratio is the median over rounds. Three models: the multi-label head
alone on features (the worst case, printed for the absolute cost), a small network and a ResNet-50.

    python tools/benchmarks/label_probability_hook.py       # on a CPU, about 1 min with OMP_NUM_THREADS=1
    python tools/benchmarks/label_probability_hook.py --device cuda --batch 32 --size 224
"""

from __future__ import annotations

import argparse
import time
from statistics import median
from types import SimpleNamespace

import torch
from mmengine.logging import MessageHub
from mmpretrain.registry import HOOKS, MODELS
from mmpretrain.structures import DataSample
from torch import nn

from mmlongtail.structures import ClassStatistics

CLASSES, TARGET = 80, 1.02


class Step:
    """A training step of a model on one batch, with the hook or without."""

    def __init__(self, model: nn.Module, inputs: torch.Tensor, interval: int):
        self.model, self.inputs = model.to(inputs.device).train(), inputs
        self.optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
        labels = torch.randint(2, (len(inputs), CLASSES), device=inputs.device).float()
        self.samples = [DataSample().set_gt_score(label) for label in labels]
        self.interval = interval
        self.hook = HOOKS.build(dict(type='LabelProbabilityHook', interval=interval))
        self.hook.set_class_statistics(ClassStatistics(torch.arange(0, 4 * CLASSES, 4).numpy(), 1000))
        self.runner = SimpleNamespace(
            model=model,
            hooks=[],
            iter=0,
            message_hub=MessageHub.get_instance('benchmark'),
            train_dataloader=range(10**9),
        )

    def seconds(self, hooked: bool, index: int) -> float:
        """Wall time of the ``index``-th step; the last of an interval has a record in it."""
        if hooked:
            self.hook.before_train(self.runner)
        synchronize(self.inputs)
        start = time.perf_counter()
        self.optimizer.zero_grad()
        self.losses()['loss'].backward()
        self.optimizer.step()
        if hooked:
            self.hook.after_train_iter(self.runner, index)
        synchronize(self.inputs)
        taken = time.perf_counter() - start
        self.hook.after_train(self.runner)
        return taken

    def losses(self) -> dict[str, torch.Tensor]:
        """Of the head alone where the model has nothing else."""
        if hasattr(self.model, 'backbone'):
            return self.model(self.inputs, self.samples, mode='loss')
        return self.model.head.loss((self.inputs,), self.samples)

    def round(self) -> tuple[float, float]:
        """Seconds of ``interval`` steps without and with the hook."""
        plain, hooked = 0.0, 0.0
        for i in range(self.interval):
            for with_hook in (False, True) if i % 2 else (True, False):
                taken = self.seconds(with_hook, i)
                plain, hooked = (plain, hooked + taken) if with_hook else (plain + taken, hooked)
        return plain, hooked


def build_model(backbone: dict | None, channels: int) -> nn.Module:
    """A multi-label classifier with random weights, or the head alone."""
    head = dict(type='MultiLabelLinearClsHead', num_classes=CLASSES, in_channels=channels)
    if backbone is None:
        return nn.ModuleDict(dict(head=MODELS.build(head)))
    neck = dict(type='GlobalAveragePooling')
    return MODELS.build(dict(type='ImageClassifier', backbone=backbone, neck=neck, head=head))


def synchronize(tensor: torch.Tensor) -> None:
    """Wait for the device's queue, where it has one."""
    if tensor.is_cuda:
        torch.cuda.synchronize()


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--batch', type=int, default=8, help='images of ResNet-50; the others have 32')
    parser.add_argument('--size', type=int, default=96, help='side of the images of ResNet-50 in pixels')
    parser.add_argument('--interval', type=int, default=20, help='steps between two records')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--device', default='cpu')
    args = parser.parse_args()
    images = torch.randn(args.batch, 3, args.size, args.size)
    cifar = dict(type='ResNet_CIFAR', depth=18, base_channels=16, stem_channels=16)
    cases = {
        'head alone, 32 x 2048 features': (None, 2048, torch.randn(32, 2048)),
        'narrow ResNet-18, 32 x 32 px': (cifar, 128, torch.randn(32, 3, 32, 32)),
        f'ResNet-50, {args.batch} x {args.size} px': (dict(type='ResNet', depth=50), 2048, images),
    }
    print(f'{args.device}, {CLASSES} classes, a record every {args.interval} steps, {args.rounds} rounds')
    for name, (backbone, channels, inputs) in cases.items():
        step = Step(build_model(backbone, channels), inputs.to(args.device), args.interval)
        step.seconds(False, 0), step.seconds(True, args.interval - 1)  # warm up
        rounds = [step.round() for _ in range(args.rounds)]
        ratio = median(hooked / plain for plain, hooked in rounds)
        milliseconds = [1000 * median(times) / args.interval for times in zip(*rounds)]
        print('{:32}{:9.2f} ms without {:9.2f} ms with'.format(name, *milliseconds), end='')
        print(f'{ratio:8.3f}' + (f'     target: at most {TARGET}' if backbone else ''))


if __name__ == '__main__':
    main()

"""RandAugment and AutoAugment of a whole batch: every image draws its own operations and their strengths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import groupby

import torch
from mmpretrain.datasets import AutoAugment, RandAugment
from mmpretrain.datasets.transforms.auto_augment import BaseAugTransform
from mmpretrain.registry import BATCH_AUGMENTS, TRANSFORMS
from torch import Tensor, nn

from mmlongtail.structures import checks

from .cifar10_policy import cifar10_policy
from .operations import Operation, strength
from .pixel_tables import check_pixels


class BatchPolicy(nn.Module):
    """What both policies share: there are programs, which are rows of transforms, and each image runs some of them.

    An image's draws are those of the host: the program, whether each operation is applied, its level and its sign.
    Images of the same operation go through it together, so a batch takes as many calls as there are operations.

    Args:
        programs: The host's transforms, built; one row per program.

    Raises:
        ValueError: If a transform has no form for batches.
    """

    def __init__(self, programs: Sequence[Iterable[BaseAugTransform]]) -> None:
        super().__init__()
        rows = [list(program) for program in programs]
        length = max(map(len, rows))
        operations = {operation.key: operation for row in rows for operation in map(Operation, row)}
        self.operations = sorted(operations.values(), key=lambda operation: str(operation.family))
        keys = [operation.key for operation in self.operations]
        nothing = len(keys), *[0.0] * 7  # never applied
        table = [
            [(keys.index(Operation(t).key), *strength(t)) for t in row] + [nothing] * (length - len(row))
            for row in rows
        ]
        self.register_buffer('table', torch.tensor(table, dtype=torch.float64), persistent=False)  # (S, J, 8)

    def draw_programs(self, size: int) -> Tensor:
        """Draw the rows of :attr:`table` that each image runs one after the other, (B, J', 8)."""
        return self.table[torch.randint(len(self.table), (size,), device=self.table.device)]

    def draw(self, size: int) -> tuple[Tensor, Tensor]:
        """Draw which operations B images run in turn and their values, (J', B) each; one past the last is none."""
        columns = self.draw_programs(size).permute(2, 1, 0)  # (8, J', B)
        number, prob, negative, low, high, level, std, total = columns
        applied, share, sign = torch.rand(3, *number.shape, dtype=torch.float64, device=number.device)
        noise = torch.randn(number.shape, dtype=torch.float64, device=number.device)
        noisy = (level + std.clamp(max=1e9) * noise).clamp(min=0).minimum(total)
        level = torch.where(std > 0, torch.where(std.isinf(), share * level, noisy), level)
        value = level / total.clamp(min=1e-9) * (high - low) + low
        value = torch.where(sign < negative, -value, value)
        return number.long().where(applied < prob, len(self.operations)), value

    def forward(self, images: Tensor) -> Tensor:
        """Augmented images of images (B, C, H, W) uint8.

        Raises:
            ValueError: If the images are not uint8 of three channels.
        """
        check_pixels(images)
        if self.table.device != images.device:
            self.to(images.device)
        for numbers, values in zip(*self.draw(len(images))):
            images = self.run(images, numbers, values)
        return images

    def run(self, images: Tensor, numbers: Tensor, values: Tensor) -> Tensor:
        """Each image (B, C, H, W) through its operation, (B,), with its value, (B,)."""
        order = numbers.argsort()
        counts = numbers.bincount(minlength=len(self.operations) + 1).tolist()
        *parts, untouched = zip(
            self.operations + [None], images.index_select(0, order).split(counts), values[order].split(counts)
        )
        done = []
        for _, family in groupby(parts, key=lambda part: part[0].family):
            family = [part for part in family if len(part[1])]
            if family:
                prepared = torch.cat([operation.prepare(*part) for operation, *part in family])
                done.append(family[0][0].finish(torch.cat([part[1] for part in family]), prepared))
        return torch.cat([*done, untouched[1]]).index_select(0, order.argsort())


@BATCH_AUGMENTS.register_module()
class BatchRandAugment(BatchPolicy):
    """The host's ``RandAugment`` for a batch: the same arguments, the same distribution.

    Source: Cubuk et al., "RandAugment: Practical automated data augmentation with a reduced search space", 2020.

    Args:
        kwargs: Arguments of the host's ``RandAugment``: policies, num_policies, magnitude_level, ...
    """

    def __init__(self, **kwargs) -> None:
        host = RandAugment(**kwargs)
        super().__init__([[transform] for transform in host.transforms])
        self.num_policies = host.num_policies

    def draw_programs(self, size: int) -> Tensor:
        programs = super().draw_programs(size * self.num_policies)
        return programs.view(size, self.num_policies, -1)


@BATCH_AUGMENTS.register_module()
class BatchAutoAugment(BatchPolicy):
    """The host's ``AutoAugment`` for a batch: the same arguments, the same distribution.

    Source: Cubuk et al., "AutoAugment: Learning Augmentation Policies from Data", CVPR 2019.

    Args:
        policies: As the host's, or 'cifar10' for the policy found on CIFAR-10.
        kwargs: Further arguments of the host's ``AutoAugment``.
    """

    def __init__(self, policies: str | list[list[dict]], **kwargs) -> None:
        if policies == 'cifar10':
            policies = cifar10_policy()
        elif not isinstance(policies, str):
            operations = partial(checks.sequence, of=partial(checks.config, registry=TRANSFORMS), at_least=1)
            policies = checks.sequence('policies', policies, operations, at_least=1)
        host = AutoAugment(policies, **kwargs)
        super().__init__(host.transforms)

"""What the losses of several branches and sampling streams share."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


def stream_rows(
    names: Sequence[str], streams: Sequence[str | None], device: torch.device
) -> dict[str, Tensor]:
    """Row numbers of each stream's images in the batch, in the order of the batch.

    Args:
        names: The streams that the loss knows.
        streams: Names of the streams that the B images came from.
        device: Where the numbers are used.

    Raises:
        ValueError: For images that name no stream or one that the loss does not know.
    """
    if None in streams:
        raise ValueError(
            'the images of the batch do not say which stream they came from: wrap the train dataset in '
            f'DrawDataset and let StreamSampler draw it, with streams named {list(names)}'
        )
    if strangers := set(streams) - set(names):
        raise ValueError(
            f'the batch has images of streams {sorted(map(str, strangers))} that no branch learns from; the loss '
            f'knows {list(names)}: give its streams and those of StreamSampler the same names'
        )
    return {
        name: torch.tensor([i for i, s in enumerate(streams) if s == name], dtype=torch.long).to(device)
        for name in names
    }


def loss_or_zero(loss: nn.Module, logits: Tensor, targets: Tensor) -> Tensor:
    """The loss of logits and targets (B, K), or 0 of B = 0 with all parameters in the graph, as DDP demands."""
    if len(logits):
        return loss(logits, targets)
    return sum((parameter.sum() for parameter in loss.parameters()), logits.sum()) * 0

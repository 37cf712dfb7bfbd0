"""Mean features of the classes of a data set, image by image, of which only the sums are kept."""

from __future__ import annotations

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn


@torch.no_grad()
def class_means(
    model: nn.Module, loader, shape: tuple[int, int], device: torch.device
) -> tuple[Tensor, Tensor]:
    """Mean features (K, D) of classes, zeros where there are no images, and the numbers of their images (K,).

    The features are what the classifier's head gets, in eval mode; of several branches their mean. An image of several
    labels counts for each. The sums are in double precision, over all processes.

    Args:
        model: A classifier; it is left in eval mode.
        loader: Loader of the images, each of which it gives once.
        shape: Number of classes K and of channels D.
        device: Where the model is.
    """
    model.eval()
    exact = torch.float32 if device.type == 'mps' else torch.float64  # which has no double precision
    sums = torch.zeros(shape, dtype=exact, device=device)
    counts = torch.zeros(shape[0], dtype=torch.int64, device=device)
    for batch in loader:
        batch = model.data_preprocessor(batch, False)
        feats = _features(model, batch['inputs']).to(exact)
        labels = [sample.gt_label for sample in batch['data_samples']]
        sizes = torch.tensor([len(label) for label in labels], device=device)
        labels = torch.cat(labels).to(device)
        sums.index_add_(0, labels, feats.repeat_interleave(sizes, 0))
        counts += labels.bincount(minlength=shape[0])
    all_reduce(sums)
    all_reduce(counts)
    return sums / counts.clamp(min=1)[:, None], counts


def _features(model: nn.Module, inputs: Tensor) -> Tensor:
    feats = model.extract_feat(inputs)
    while not isinstance(feats, Tensor):
        feats = feats[-1]
    return feats.reshape(-1, len(inputs), feats.shape[-1]).mean(0)

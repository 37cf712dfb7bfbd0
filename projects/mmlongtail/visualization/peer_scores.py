"""What trained experts make of the test set, and how far they, and copies of one image, are apart."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from mmlongtail.evaluation.functional import class_means
from mmlongtail.models.losses.pairwise_kl import pairwise_kl
from mmlongtail.structures import image_labels

from .classifier_figures import choose_images
from .peer_images import augmented_copies, augmented_dataset, read_test_images, single_labels
from .peers import Peers


def score_test_set(peers: Peers, ensemble: bool = False) -> dict[str, np.ndarray]:
    """How likely the hardest negative is on each test image, and the share of right answers of each class.

    Source: NCL++ (Tan et al., 2023), Figs. 11 (a) and 8.

    Args:
        peers: The experts.
        ensemble: Score the mean of the experts' logits, in place of each expert.

    Returns:
        ``hardest_negative``, the probability of the likeliest class but the label, (N,), or of all experts, (E N,);
        ``accuracy`` in percent, (K,), the mean of the experts', NaN for a class without test images.
    """
    classes, batches = read_test_images(peers)
    unseen, hardest, hits = torch.as_tensor(classes), [], []
    for inputs in batches:
        log_probs = peers.log_probs(inputs)  # (E, B, K)
        labels, unseen = unseen[: len(inputs)], unseen[len(inputs) :]
        if ensemble:
            log_probs = log_probs.mean(0, keepdim=True).log_softmax(dim=-1)
        own = nn.functional.one_hot(labels, log_probs.size(-1)).bool()
        hardest.append(log_probs.masked_fill(own, -torch.inf).amax(dim=-1).exp())
        hits.append((log_probs.argmax(dim=-1) == labels).double().mean(dim=0))
    accuracy = class_means(100 * torch.cat(hits).numpy(), classes, len(peers.statistics.class_counts))
    return dict(hardest_negative=torch.cat(hardest, dim=1).flatten().numpy(), accuracy=accuracy)


def class_divergences(
    peers: Peers,
    part: str = 'test',
    copies: int = 4,
    per_class: int | None = None,
    seed: int = 0,
    balanced: bool = False,
) -> dict[str, np.ndarray]:
    """Mean KL divergence of each class, between experts and between copies of an image, (K,) in nats.

    Source: NCL++ (Tan et al., 2023), Figs. 2 (a) and 9, of the whole test set. The divergence is the mean over all
    ordered pairs, of experts on the same copy (and over the copies) or of copies with the same expert (and over the
    experts). The augmentation draws from the global generators, which the caller seeds.

    Args:
        peers: The experts.
        part: The images: 'test' or 'train'; those of the test set go through the training's augmentation.
        copies: Augmented copies T of each image.
        per_class: Images of a class at most; all unless given.
        seed: Of the choice of images, where not all are taken.
        balanced: Weight the probabilities by the classes' training images, as the losses do (eq. 2).

    Returns:
        ``experts`` if there are several, ``copies`` if there are several; NaN for a class without images.

    Raises:
        ValueError: For fewer than one copy or image of a class, or images of several classes.
    """
    if copies < 1:
        raise ValueError(f'copies is {copies}, expected a number of augmented copies >= 1')
    counts = torch.as_tensor(peers.statistics.class_counts)
    dataset = augmented_dataset(peers.cfg, part)
    labels = single_labels(dataset)
    images = np.arange(len(labels))
    if per_class is not None:
        images, labels = choose_images(image_labels(dataset), np.unique(labels).tolist(), per_class, seed)
    found: dict[str, list[Tensor]] = {}
    for views in augmented_copies(peers, part, dataset, images.tolist(), copies):  # (T, B, C, H, W)
        log_probs = torch.stack([peers.log_probs(view) for view in views], dim=1)  # (E, T, B, K)
        if balanced:  # classes without images have probability 0
            log_probs = (log_probs + counts.log())[..., counts > 0].log_softmax(dim=-1)
        for name, values in mean_divergences(log_probs).items():
            found.setdefault(name, []).append(values)
    return {
        name: class_means(torch.cat(values).numpy(), labels, len(counts)) for name, values in found.items()
    }


def mean_divergences(log_probs: Tensor) -> dict[str, Tensor]:
    """Mean KL divergence of each image, (B,), between ``experts`` and between ``copies``, where there are several.

    Args:
        log_probs: Log-probabilities of E experts on T copies, (E, T, B, K).
    """
    peers = dict(experts=log_probs, copies=log_probs.transpose(0, 1))
    return {
        name: pairwise_kl(part).mean(dim=0) / (len(part) * (len(part) - 1))
        for name, part in peers.items()
        if len(part) > 1
    }

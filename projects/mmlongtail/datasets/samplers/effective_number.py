"""Sampling by the effective number of a class's images."""

from __future__ import annotations

import numpy as np
from mmpretrain.registry import DATA_SAMPLERS

from mmlongtail.structures import checks

from .weighted import ClassWeightedSampler


@DATA_SAMPLERS.register_module()
class EffectiveNumberSampler(ClassWeightedSampler):
    """Draws an image with the weight ``(1 - beta) / (1 - beta^n_k)``, one over the effective number of its class.

    Source: Cui et al., Class-Balanced Loss, CVPR 2019, eq. 2, as a sampler in Li et al. (GCL), CVPR 2022.

    Args:
        dataset: A data set that names its ``classes`` and knows each image's labels.
        beta: In [0, 1); 0 is instance-balanced sampling, a value near 1 class-balanced.
        multi_label: How an image of several classes gets its weight: ``'mean'`` or ``'max'``.
        seed: Controls every draw; None takes one that all ranks agree on.

    Raises:
        ValueError: If ``beta`` is not in [0, 1).
    """

    def __init__(
        self, dataset, beta: float = 0.9999, multi_label: str = 'mean', seed: int | None = None
    ) -> None:
        self.beta = checks.number('beta', beta, at_least=0, below=1)
        super().__init__(dataset, multi_label, seed)

    def class_weights(self, class_counts: np.ndarray) -> np.ndarray:
        return (1 - self.beta) / (1 - self.beta**class_counts)


@DATA_SAMPLERS.register_module()
class CBENSampler(ClassWeightedSampler):
    """Class-based effective number sampling: each class has its own ``beta_k = a + b * d_k``.

    ``d_k`` is the cloud size ``log n_max - log n_k`` brought to 0 (most frequent class) ... 1 (rarest class); it is 0
    where all classes are equally frequent. An image's weight is ``(1 - beta_k) / (1 - beta_k^n_k)``.

    Source: Li et al., Long-tailed Visual Recognition via Gaussian Clouded Logit Adjustment, CVPR 2022.

    Args:
        dataset: A data set that names its ``classes`` and knows each image's labels.
        a: The beta of the most frequent class.
        b: By how much the beta of the rarest class is higher.
        multi_label: How an image of several classes gets its weight: ``'mean'`` or ``'max'``.
        seed: Controls every draw; None takes one that all ranks agree on.

    Raises:
        ValueError: If ``a`` or ``a + b`` is not in [0, 1).
    """

    def __init__(
        self, dataset, a: float = 0.9999, b: float = 1e-5, multi_label: str = 'mean', seed: int | None = None
    ) -> None:
        self.a, self.b = checks.number('a', a, at_least=0, below=1), checks.number('b', b)
        checks.number(f'the rarest class: a={a} + b={b}', a + b, at_least=0, below=1)
        super().__init__(dataset, multi_label, seed)

    def class_weights(self, class_counts: np.ndarray) -> np.ndarray:
        size = np.log(class_counts.max() / class_counts)  # (K,), the cloud sizes; the smallest is 0
        beta = self.a + self.b * size / (size.max() or 1)
        return (1 - beta) / (1 - beta**class_counts)

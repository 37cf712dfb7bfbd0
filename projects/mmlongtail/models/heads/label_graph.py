"""The graph of the classes that occur together (Chen et al., CVPR 2019)."""

from __future__ import annotations

import numpy as np


def label_graph(cooccurrence: np.ndarray, threshold: float, neighbor_weight: float) -> np.ndarray:
    """The weights with which each class (row) listens to the others (columns), (K, K), rows summing to 1.

    Source: Chen et al., CVPR 2019, eq. (6) to (8). With ``P_ij = P(j | i) = M_ij / N_i`` and the neighbors
    ``A_ij = [P_ij >= tau]`` of class i,

        A'_ij = p A_ij / sum_{k != i} A_ik  for j != i,    A'_ii = 1 - p.

    Eq. (8) is printed without the factor ``A_ij``, which would join all classes. Without neighbors ``A'_ii`` is 1,
    also where there is no image. As all rows sum to 1, the degrees D of eq. (3) are 1, and ``D^-1/2 A' D^-1/2`` is A'
    itself.

    Args:
        cooccurrence: Images that show both classes, (K, K), the diagonal being the counts N.
        threshold: tau.
        neighbor_weight: p.
    """
    counts = cooccurrence.diagonal()[:, None]
    conditional = cooccurrence / np.maximum(counts, 1)
    neighbors = (conditional >= threshold) & ~np.eye(len(cooccurrence), dtype=bool)
    shares = neighbor_weight * neighbors / np.maximum(neighbors.sum(1, keepdims=True), 1)
    return shares + np.diag(1 - shares.sum(1))

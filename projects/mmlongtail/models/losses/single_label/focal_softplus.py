"""The focal loss of a label by how wrong its logit is."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def focal_softplus(error: Tensor, exponent: float) -> Tensor:
    """``sigmoid(error)^exponent log(1 + exp(error))``, with a finite gradient where the sigmoid underflows.

    Source: Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, eq. (4).

    Args:
        error: -z of a positive label, z of a negative one, z being its logit; any shape.
        exponent: The focusing parameter, >= 0.
    """
    return torch.exp(exponent * F.logsigmoid(error)) * F.softplus(error)

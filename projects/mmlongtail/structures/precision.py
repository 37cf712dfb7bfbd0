"""Half precision is for storing; what adds up or takes exponentials asks for more."""

import torch
from torch import Tensor


def full_precision(tensor: Tensor) -> Tensor:
    """The tensor in float32, or in its own dtype where that is finer."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))

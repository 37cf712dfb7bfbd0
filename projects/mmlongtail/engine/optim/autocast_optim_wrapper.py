"""Mixed precision where MMEngine's own wrapper refuses to work."""

from contextlib import contextmanager

import torch
from mmengine.device import get_device
from mmengine.optim import OptimWrapper
from mmpretrain.registry import OPTIM_WRAPPERS
from torch import nn

from mmlongtail.structures import checks


@OPTIM_WRAPPERS.register_module()
class AutocastOptimWrapper(OptimWrapper):
    """Forward passes under ``torch.autocast`` on whatever device the run uses, without loss scaling.

    MMEngine's ``AmpOptimWrapper`` does the same with a gradient scaler, but asserts a GPU. bfloat16 has float32's
    exponent range, so it needs no scaler.

    Args:
        dtype: Name of the type to compute in.

    Raises:
        ValueError: If ``dtype`` is none of these.
    """

    dtypes = ('bfloat16', 'float16')

    def __init__(self, dtype: str = 'bfloat16', **kwargs) -> None:
        super().__init__(**kwargs)
        self.dtype = getattr(torch, checks.choice('dtype', dtype, self.dtypes))

    @contextmanager
    def optim_context(self, model: nn.Module):
        """Autocast inside, and no gradient synchronization while gradients accumulate."""
        with super().optim_context(model), torch.autocast(get_device(), dtype=self.dtype):
            yield

"""The memory layout in which convolutions are fastest."""

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmpretrain.registry import HOOKS

from mmlongtail.compat import channels_last_is_safe


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Store the model's 4-d weights as NHWC; inputs and activations follow by themselves.

    Makes a training step 10 to 20 % faster on CPUs, and more in mixed precision on GPUs; results stay the same up to
    rounding. It comes after weights are initialized and checkpoints loaded, which may put in tensors of another layout.

    A wrapped model (several processes) is left as it is: DistributedDataParallel fixes the layout of its gradient
    buckets when it is made, and weights changed afterwards get wrong gradients, with only a warning. So is a model for
    which torch's kernels are broken, see ``compat.channels_last_is_safe``.
    """

    def _change_layout(self, runner) -> None:
        if not is_model_wrapper(runner.model) and channels_last_is_safe(runner.model):
            runner.model.to(memory_format=torch.channels_last)

    before_train = before_val = before_test = _change_layout

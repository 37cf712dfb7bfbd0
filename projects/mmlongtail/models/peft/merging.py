"""Put what was learned into the weights of a plain network."""

from __future__ import annotations

import torch
from mmpretrain.models.peft.lora import LoRALinear, LoRAModel
from torch import nn

from .adapters import Adapter, DeepPrompt


@torch.no_grad()
def merge(backbone: nn.Module) -> nn.Module:
    """The plain network, whose state dict is whole and which computes the same.

    Norms and biases have learned in place; LoRA's products become part of their layers. The argument is used up.

    Args:
        backbone: What ``AdapterModel`` or the host's ``LoRAModel`` built.

    Raises:
        ValueError: If it has adapters or prompts: these are no linear change of a weight.
    """
    stuck = [name for name, m in backbone.named_modules() if isinstance(m, (Adapter, DeepPrompt))]
    if stuck:
        raise ValueError(
            f'{stuck[0]} and {len(stuck) - 1} more cannot be merged into weights: keep them as they are'
        )
    plain = backbone.module if isinstance(backbone, LoRAModel) else backbone
    for name, layer in [(n, m) for n, m in plain.named_modules() if isinstance(m, LoRALinear)]:
        layer.original_layer.weight += layer.scaling * layer.lora_up.weight @ layer.lora_down.weight
        parent, _, child = name.rpartition('.')
        setattr(plain.get_submodule(parent), child, layer.original_layer)
    plain.saves_frozen = True
    return plain.requires_grad_()

"""A frozen vision transformer that learns by adapters, prompts, norms or biases."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from mmpretrain.registry import MODELS
from torch import Tensor, nn

from mmlongtail.structures import checks

from .adapters import Adapter, DeepPrompt
from .learned_state import save_what_learns

BLOCKS = r'(.*[._])?(layers?|blocks|resblocks|encoder_layer)[._]\d+'
NORM = r'ln_?2|norm_?2|layernorm_after|layer_norm2'


@MODELS.register_module(name='AdapterModel')
def adapter_model(
    module: dict,
    rank: int | None = None,
    num_classes: int | None = None,
    prompts: int = 0,
    tuned: Sequence[str] = (),
    blocks: str = BLOCKS,
    norm: str = NORM,
) -> nn.Module:
    """Build a backbone, freeze it and give its blocks what learns.

    Source: Shi et al., "Long-Tail Learning with Foundation Model: Heavy Fine-Tuning Hurts", ICML 2024 (LIFT).

    The backbone itself is returned, not a wrapper: its parameters keep their names, so that plain checkpoints,
    layer-wise decay of the learning rate and ``branch_modules`` work as without adapters. What block
    ``backbone.layers.3`` gets is ``backbone.layers.3.adapter`` and ``backbone.layers.3.prompt``; named in
    ``branch_modules``, branches or experts share the frozen network and own these only. Checkpoints hold what learns
    and a check sum of the rest, which comes from the backbone's own ``init_cfg``.

    Args:
        module: Config of the backbone: of MMPretrain, of timm (``TIMMBackbone``), or of the user.
        rank: Width of AdaptFormer's bottlenecks; 0 for none, :func:`lift_rank` of ``num_classes`` if None.
        num_classes: Number of classes K, for that rule.
        prompts: Number of learned tokens in each block (VPT-deep).
        tuned: Parameters of the backbone that learn, too: 'norm' for those of layer norms, 'bias' for all biases, or
            regular expressions of whole names.
        blocks: Regular expression of the names of the blocks that learn, such as ``layers\\.(8|9|10|11)``.
        norm: Regular expression of the name, in a block, of the layer norm before its MLP.

    Raises:
        ValueError: For a backbone without such blocks, a pattern that fits no parameter, or nothing that learns.

    Example:
        >>> vit = dict(type='VisionTransformer', arch='deit-tiny', img_size=32)
        >>> backbone = MODELS.build(dict(type='AdapterModel', module=vit, num_classes=100))
        >>> backbone.layers[11].adapter.down
        Linear(in_features=192, out_features=4, bias=True)
    """
    checks.config('module', module, MODELS)
    checks.whole('rank', rank, at_least=0, optional=True)
    checks.whole('prompts', prompts, at_least=0)
    checks.sequence('tuned', tuned, checks.text)
    backbone = MODELS.build(module)
    found = find_blocks(backbone, blocks, norm)
    if rank is None:
        rank = lift_rank(checks.whole('num_classes', num_classes), len(found))
    backbone.requires_grad_(False)
    for name in tuned:
        tune(backbone, name)
    for block, norm_name in found:
        adapt(block, norm_name, rank, prompts)
    if not any(p.requires_grad for p in backbone.parameters()):
        raise ValueError('rank is 0, prompts 0 and tuned empty, expected something that learns')
    save_what_learns(backbone)
    return backbone


def lift_rank(num_classes: int, num_blocks: int) -> int:
    """LIFT's width of a bottleneck: the adapters of all blocks have about as many weights as the classifier.

    The largest power of 2 that is at most ``num_classes / (2 num_blocks)``, and at least 1.

    Example:
        >>> [lift_rank(num_classes, 12) for num_classes in (20, 100, 1000)]
        [1, 4, 32]
    """
    return 1 << max(0, (num_classes // (2 * num_blocks)).bit_length() - 1)


def find_blocks(backbone: nn.Module, blocks: str, norm: str) -> list[tuple[nn.Module, str]]:
    """The blocks, each with the name of the norm before its MLP."""
    modules = [(n, module) for n, module in backbone.named_modules() if re.fullmatch(blocks, n)]
    found = [
        (module, child)
        for _, module in modules
        for child, _ in module.named_children()
        if re.fullmatch(norm, child)
    ]
    if not found:
        names = [n for n, _ in backbone.named_modules() if n][:40]
        raise ValueError(
            f'{type(backbone).__name__} has no block of blocks={blocks!r} with a norm of norm={norm!r}; it has {names}'
        )
    return found


def tune(backbone: nn.Module, name: str) -> None:
    """Let the parameters that ``name`` stands for learn."""
    norms = {
        f'{path}.{own}'.lstrip('.')
        for path, module in backbone.named_modules()
        if isinstance(module, nn.LayerNorm)
        for own, _ in module.named_parameters(recurse=False)
    }
    pattern = r'(.*\.)?[^.]*bias' if name == 'bias' else name
    fitting = [
        p
        for n, p in backbone.named_parameters()
        if (n in norms if name == 'norm' else re.fullmatch(pattern, n))
    ]
    if not fitting:
        raise ValueError(f'tuned: {name!r} fits no parameter of {type(backbone).__name__}')
    for parameter in fitting:
        parameter.requires_grad_()


def adapt(block: nn.Module, norm_name: str, rank: int, prompts: int) -> None:
    """Give a block its adapter and its prompt.

    The hooks find everything in the module that they are called with, so that a copied block has its own.
    """
    norm = block.get_submodule(norm_name)
    channels = norm.weight.numel()
    if prompts:
        block.prompt = DeepPrompt(channels, prompts)
        block.register_forward_pre_hook(_add_prompt)
    if rank:
        block.adapter = Adapter(channels, rank)
        norm.register_forward_pre_hook(_note_input)
        block.register_forward_hook(partial(_add_adapter, norm_name=norm_name))
    if prompts:
        block.register_forward_hook(partial(_drop_prompt, prompts=prompts))


def _add_prompt(block: nn.Module, args: tuple) -> tuple:
    return block.prompt(args[0]), *args[1:]


def _drop_prompt(block: nn.Module, args: tuple, output: Tensor, prompts: int) -> Tensor:
    return output[:, :-prompts]


def _note_input(norm: nn.Module, args: tuple) -> None:
    norm.noted_input = args[0]


def _add_adapter(block: nn.Module, args: tuple, output: Tensor, norm_name: str) -> Tensor:
    # Taken out again: a module that holds a tensor of a graph cannot be copied.
    return block.adapter((vars(block.get_submodule(norm_name)).pop('noted_input'), output))

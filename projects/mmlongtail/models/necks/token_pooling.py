"""One vector per image of the tokens that a transformer gives."""

from __future__ import annotations

from mmengine.model import BaseModule
from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.structures import checks

MODES = ('mean', 'first')


@MODELS.register_module()
class TokenPooling(BaseModule):
    """The class token, or the mean of the others; also of a map whose channels are its last axis.

    For backbones that pool nothing, as those of timm and of Hugging Face do, where GlobalAveragePooling would take the
    tokens for channels.

    Args:
        mode: ``first`` token, which is the class token where there is one, or the ``mean`` of what follows
            ``num_prefix``.
        num_prefix: Tokens in front that belong to no place, the class token among them.

    Raises:
        ValueError: For another mode, or features without tokens.

    Example:
        >>> import torch
        >>> TokenPooling('mean', num_prefix=1)((torch.tensor([[[9.0], [1.0], [3.0]]]),))
        (tensor([[2.]]),)
    """

    def __init__(self, mode: str = 'first', num_prefix: int = 0, init_cfg: dict | list | None = None) -> None:
        super().__init__(init_cfg)
        self.mode = checks.choice('mode', mode, MODES)
        self.num_prefix = checks.whole('num_prefix', num_prefix, at_least=0)

    def forward(self, feats: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Vectors (B, C) of the last features, tokens (B, L, C) or a map (B, H, W, C)."""
        tokens = feats[-1] if isinstance(feats, (tuple, list)) else feats
        if tokens.dim() < 3:
            checks.refuse('features', tuple(tokens.shape), 'tokens (B, L, C) or a map (B, H, W, C)')
        tokens = tokens.flatten(1, -2)
        return (tokens[:, 0] if self.mode == 'first' else tokens[:, self.num_prefix :].mean(1),)

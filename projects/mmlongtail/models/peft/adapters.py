"""What a block of a vision transformer gets to learn with; each can be a branched module."""

from __future__ import annotations

import math

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn


class Adapter(BaseModule):
    """AdaptFormer, a bottleneck beside a block's MLP: ``s up(relu(down(norm(x))))`` of the MLP's input x.

    Source: Chen et al., "AdaptFormer: Adapting Vision Transformers for Scalable Visual Recognition", NeurIPS 2022,
    eqs. (3) and (4), with the layer norm and the learned scale s of LIFT (Shi et al., ICML 2024).

    It starts at zero, because ``up`` does, and s at 1. It gets the MLP's input together with the block's output and
    returns their sum, so that copies of it, each with its own images, can stand in its place.

    Args:
        channels: Channels D of the tokens.
        rank: Width of the bottleneck.
    """

    def __init__(self, channels: int, rank: int):
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.down, self.up = nn.Linear(channels, rank), nn.Linear(rank, channels)
        self.scale = nn.Parameter(torch.ones(1))
        self.init_weights()

    def init_weights(self) -> None:
        """Start at zero."""
        self.norm.reset_parameters()
        nn.init.kaiming_uniform_(self.down.weight, a=math.sqrt(5))
        for zero in (self.down.bias, self.up.weight, self.up.bias):
            nn.init.zeros_(zero)
        nn.init.ones_(self.scale)

    def forward(self, pair: tuple[Tensor, Tensor]) -> Tensor:
        """Tokens (B, N, D) of what went into the MLP and of what came out of its block, both (B, N, D)."""
        before, after = pair
        return after + self.scale * self.up(self.down(self.norm(before)).relu())


class DeepPrompt(BaseModule):
    """Learned tokens that one block sees and the next does not (VPT-deep).

    Source: Jia et al., "Visual Prompt Tuning", ECCV 2022, eqs. (6) and (7).

    Args:
        channels: Channels D of the tokens.
        number: Number of learned tokens P.
    """

    def __init__(self, channels: int, number: int):
        super().__init__()
        self.tokens = nn.Parameter(torch.empty(1, number, channels))
        self.init_weights()

    def init_weights(self) -> None:
        """Start at small random values."""
        nn.init.trunc_normal_(self.tokens, std=0.02)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (B, N + P, D) of (B, N, D)."""
        return torch.cat([tokens, self.tokens.expand(len(tokens), -1, -1).to(tokens)], dim=1)

"""Vision transformers as they were pretrained, which read the files of other libraries by themselves."""

from __future__ import annotations

from copy import deepcopy

import torch
from mmpretrain.models.backbones import VisionTransformer
from mmpretrain.registry import MODELS
from torch import Tensor, nn
from torch.nn.functional import gelu

from mmlongtail.structures import checks

from .foreign_names import OWN, translate

FAMILIES = dict(
    clip=dict(
        pre_norm=True,
        norm_cfg=dict(type='LN', eps=1e-5),
        layer_cfgs=dict(act_cfg=dict(type='mmpretrain.QuickGELU')),
    ),
    openclip=dict(pre_norm=True, norm_cfg=dict(type='LN', eps=1e-5)),
    siglip=dict(
        with_cls_token=False,
        out_type='raw',
        layer_cfgs=dict(act_cfg=dict(type='GELU', approximate='tanh')),
    ),
    dinov2=dict(layer_scale_init_value=1.0),
    vit=dict(),
)


class AttentionPool(nn.Module):
    """SigLIP's pooling: one learned query attends to all tokens, a residual MLP follows."""

    def __init__(self, channels: int, heads: int, hidden: int):
        super().__init__()
        self.probe = nn.Parameter(torch.randn(1, 1, channels) * channels**-0.5)
        self.attention = nn.MultiheadAttention(channels, heads, batch_first=True)
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.fc1, self.fc2 = nn.Linear(channels, hidden), nn.Linear(hidden, channels)

    def forward(self, tokens: Tensor) -> Tensor:
        """Features (B, D) of tokens (B, N, D)."""
        probe = self.probe.expand(len(tokens), -1, -1)
        pooled = self.attention(probe, tokens, tokens, need_weights=False)[0][:, 0]
        return pooled + self.fc2(gelu(self.fc1(self.norm(pooled)), approximate='tanh'))


@MODELS.register_module()
class FoundationViT(VisionTransformer):
    """MMPretrain's VisionTransformer in the form of a pretraining, for the weights of any library.

    Sources: Radford et al., ICML 2021 (clip); Cherti et al., CVPR 2023 (openclip, which has plain GELU where OpenAI
    has QuickGELU); Zhai et al., ICCV 2023 (siglip); Oquab et al., TMLR 2024 (dinov2); Dosovitskiy et al., ICLR 2021
    (vit).

    A state dict of transformers, timm, torchvision, OpenCLIP or OpenAI is translated as it is loaded, so that
    ``init_cfg=dict(type='Pretrained', checkpoint=...)`` takes their files as they are; position embeddings are resized.
    The features are one vector (B, D): the class token after the last norm, before any projection to the space of
    texts; of SigLIP what its attention pooling gives.

    Args:
        family: One of ``FAMILIES``.
        arch: As for VisionTransformer: 'base', 'large', or a dict of sizes.
        kwargs: Arguments of VisionTransformer, which overwrite the family's.

    Raises:
        ValueError: For an unknown family; as a state dict is loaded, for one that lacks weights, has others or of other
            shapes, with their names.
    """

    def __init__(self, family: str = 'vit', arch: str | dict = 'base', **kwargs):
        checks.choice('family', family, FAMILIES)
        super().__init__(arch=arch, **(deepcopy(FAMILIES[family]) | kwargs))
        sizes = self.arch_settings
        self.family = family
        if family == 'siglip':
            self.pool = AttentionPool(sizes['embed_dims'], sizes['num_heads'], sizes['feedforward_channels'])
        self._shapes = {name: tuple(value.shape) for name, value in self.state_dict().items()}
        self._register_load_state_dict_pre_hook(self._translate)

    def _format_output(self, x: Tensor, hw: tuple[int, int]):
        out = super()._format_output(x, hw)
        return self.pool(out) if self.family == 'siglip' and self.out_type == 'raw' else out

    def _translate(self, state_dict: dict, prefix: str, *_) -> None:
        """Replace foreign entries under the prefix, in place."""
        given = {key[len(prefix) :]: value for key, value in state_dict.items() if key.startswith(prefix)}
        if OWN in given or not given:
            return
        found = translate(given)
        parts = {name.partition('.')[0] for name in self._shapes}
        if found is None and prefix == '' and parts.isdisjoint(name.partition('.')[0] for name in given):
            raise ValueError(
                'FoundationViT: these are no weights of a vision transformer of transformers, timm, torchvision, '
                f'OpenCLIP or MMPretrain: {_few(given)}'
            )
        if found is None:
            return
        self._check(found)
        for name in given:
            del state_dict[prefix + name]
        state_dict.update({prefix + name: value for name, value in found.items()})
        self._prepare_pos_embed(state_dict, prefix)

    def _check(self, found: dict[str, Tensor]) -> None:
        """Refuse what would leave the network half-filled, which ``Pretrained`` only warns of."""
        missing = [name for name in self._shapes if name not in found]
        others = [name for name in found if name not in self._shapes]
        misshapen = [
            f'{name} {tuple(found[name].shape)} instead of {shape}'
            for name, shape in self._shapes.items()
            if name in found and self._fixed(name, found[name]) != self._fixed(name, shape)
        ]
        problems = dict(lacks=missing, has=others, shapes=misshapen)
        if told := '; '.join(f'{what} {_few(names)}' for what, names in problems.items() if names):
            sizes = {key: self.arch_settings[key] for key in ('embed_dims', 'num_layers')}
            raise ValueError(
                f'the weights are not those of FoundationViT(family={self.family!r}) with {sizes} and patches of '
                f'{self.patch_embed.projection.kernel_size}: the file {told}'
            )

    @staticmethod
    def _fixed(name: str, value) -> tuple[int, ...]:
        """The axes that must agree: the number of positions need not."""
        shape = tuple(getattr(value, 'shape', value))
        return shape[-1:] if name == 'pos_embed' else shape


def _few(names, shown: int = 4) -> str:
    names = list(names)
    return ', '.join(names[:shown]) + (f' and {len(names) - shown} more' if len(names) > shown else '')

"""Vision networks of the transformers library as backbones."""

from __future__ import annotations

import inspect
import os

from mmpretrain.models.backbones.base_backbone import BaseBackbone
from mmpretrain.registry import MODELS
from mmpretrain.utils import require
from torch import Tensor

from mmlongtail.structures import checks


@MODELS.register_module()
class HuggingFaceBackbone(BaseBackbone):
    """Last hidden state of a vision network of the transformers library, or of the vision tower of a CLIP-like one.

    The host has such a wrapper for whole classifiers only. Transformers give tokens (B, L, C), which TokenPooling
    makes vectors of; convolutional networks give maps (B, C, H, W). Weights are read from safetensors files, and no
    code from a repository is run.

    Args:
        model_name: Name on the hub, or a folder with a ``config.json``.
        pretrained: Whether its weights are loaded; random ones unless.
        init_cfg: Initialization on top, such as a checkpoint.
        kwargs: Settings that replace those of the ``config.json``.

    Raises:
        ImportError: If transformers is not installed.
        OSError: If there is no such model, or no safetensors file in it.
        ValueError: If its ``config.json`` names no kind of model.
    """

    @require('transformers')
    def __init__(
        self, model_name: str, pretrained: bool = False, init_cfg: dict | list | None = None, **kwargs
    ) -> None:
        from transformers import AutoConfig, AutoModel

        super().__init__(init_cfg)
        checks.text('model_name', model_name)
        checks.flag('pretrained', pretrained)
        config = AutoConfig.from_pretrained(os.path.expanduser(model_name), **kwargs)
        if pretrained:
            model = AutoModel.from_pretrained(model_name, config=config, use_safetensors=True)
        else:
            model = AutoModel.from_config(config)
        self.model = getattr(model, 'vision_model', model)
        pooler = getattr(self.model, 'pooler', None)
        if pooler is not None and any(True for _ in pooler.parameters()):
            self.model.pooler = None  # of the class token, unused: weights that never get a gradient
        self._is_init = pretrained  # init_weights must not replace what was loaded
        takes = inspect.signature(self.model.forward).parameters
        self.options = {'interpolate_pos_encoding': True} if 'interpolate_pos_encoding' in takes else {}

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """The last hidden state of images (B, 3, H, W)."""
        return (self.model(pixel_values=x, **self.options).last_hidden_state,)

    def train(self, mode: bool = True) -> HuggingFaceBackbone:
        """Training mode; the host's own returns nothing."""
        super().train(mode)
        return self

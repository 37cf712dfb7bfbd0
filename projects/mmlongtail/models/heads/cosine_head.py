"""Cosine classifier: the angle between feature and class weight, whatever their lengths."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from mmpretrain.models.heads import LinearClsHead
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from mmlongtail.structures import checks
from mmlongtail.structures.precision import full_precision

SHORTEST = 1e-6  # lengths below count as this, which bounds the gradient of a feature that is all zeros


class CosineLinear(nn.Linear):
    """Cosines (B, K) of features (B, D) and weights (K, D), in full precision."""

    def __init__(self, in_features: int, out_features: int):
        super().__init__(in_features, out_features, bias=False)

    def reset_parameters(self) -> None:
        """Weights of random direction and length 1: the shorter they are, the further a step turns them."""
        with torch.no_grad():
            self.weight.copy_(F.normalize(torch.randn_like(self.weight), dim=1))

    def forward(self, input: Tensor) -> Tensor:
        """The cosines."""
        # Scaled by 30, cosines rounded to half precision would be wrong in the first decimal.
        with torch.autocast(input.device.type, enabled=False):
            feat, weight = (F.normalize(full_precision(t), dim=1, eps=SHORTEST) for t in (input, self.weight))
            return F.linear(feat, weight)


@MODELS.register_module()
class CosineHead(LinearClsHead):
    """Classifier ``scale cos(theta_k)``, theta_k being the angle between feature and weight of class k.

    Source: Li, Cheung & Lu, "Long-Tailed Visual Recognition via Gaussian Clouded Logit Adjustment", CVPR 2022,
    eqs. (11) and (12); LDAM (Cao et al., NeurIPS 2019) is trained with the same.

    A loss with a ``scale`` of its own, such as GCLLoss and LDAMLoss, gets the cosines, and predictions are made with
    its scale. Any other loss, such as CrossEntropyLoss and BalancedSoftmaxLoss, gets ``scale cos(theta)``.

    Args:
        num_classes: Number of classes K.
        in_channels: Channels D of the features.
        scale: Factor of the cosines; left out where the loss has one.
        bias: Whether a learned bias, 0 at first, is added to ``scale cos(theta_k)``, as in NCL's code.
        init_cfg: Initialization of the weights; random directions of length 1 if None.
        kwargs: ``loss``, ``topk`` and ``cal_acc`` of the host's ClsHead.

    Raises:
        ValueError: Without a scale, with two, for one that is not above 0, or for a bias where the loss scales cosines.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        scale: float | None = None,
        bias: bool = False,
        init_cfg: dict | None = None,
        **kwargs,
    ):
        checks.whole('num_classes', num_classes)
        checks.whole('in_channels', in_channels)
        super().__init__(num_classes, in_channels, init_cfg=init_cfg, **kwargs)
        self.scale = checks.number('scale', scale, above=0, optional=True)
        name, of_loss = type(self.loss_module).__name__, getattr(self.loss_module, 'scale', None)
        if scale is None and of_loss is None:
            checks.refuse('scale', scale, f'a finite number > 0: {name} does not scale cosines')
        if scale is not None and of_loss is not None:
            checks.refuse('scale', scale, f'None: {name} scales cosines itself, by {of_loss}')
        if checks.flag('bias', bias) and scale is None:
            checks.refuse('bias', bias, f'False: {name} scales cosines itself and knows no bias')
        self.fc = CosineLinear(in_channels, num_classes)
        self.bias = (
            nn.Parameter(torch.zeros(num_classes)) if bias else None
        )  # on logits, where fc gives cosines

    def cosines(self, feats: tuple[Tensor, ...]) -> Tensor:
        """cos(theta), (B, K), of features whose last item is (B, D)."""
        return self.fc(self.pre_logits(feats))

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits ``scale cos(theta)``, plus the bias if there is one, (B, K)."""
        logits = self.cosines(feats) * (self.loss_module.scale if self.scale is None else self.scale)
        return logits if self.bias is None else logits + self.bias

    def loss(self, feats: tuple[Tensor, ...], data_samples: list[DataSample], **kwargs) -> dict[str, Tensor]:
        """The host's, of the cosines where the loss scales them."""
        scores = self.cosines(feats) if self.scale is None else self(feats)
        return self._get_loss(scores, data_samples, **kwargs)

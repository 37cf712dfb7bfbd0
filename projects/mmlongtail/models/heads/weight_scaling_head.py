"""Learnable weight scaling: a trained classifier, and one factor per class (Kang et al., ICLR 2020)."""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from mmlongtail.structures import checks


class ScaledLinear(nn.Module):
    """Scores ``f_k z_k`` (B, K) of a layer's z, frozen unless it is trained too; the factors f start at 1."""

    def __init__(self, layer: nn.Linear, train_weights: bool = False):
        super().__init__()
        self.layer = layer.requires_grad_(train_weights)
        self.scale = nn.Parameter(torch.ones(layer.out_features))

    def fills(self, training: bool) -> tuple[str, ...]:
        """What a training can begin without: a checkpoint of stage 1 has no factors."""
        return ('scale',) if training else ()

    def forward(self, input: Tensor) -> Tensor:
        """The scaled scores."""
        return self.scale * self.layer(input)


@MODELS.register_module()
class LearnableWeightScalingHead(BaseModule):
    """The head of stage 1 with a learned factor per class, its class weights frozen unless asked otherwise.

    Source: Kang et al., "Decoupling Representation and Classifier for Long-Tailed Recognition", ICLR 2020, section
    4.3: the weights w_i become ``f_i w_i``, "we fix w_i and learn f_i". As in the authors' code a bias is scaled with
    them. Of a cosine classifier the cosines are scaled, before whatever the head or its loss does with them. With
    ``train_weights`` the weights learn as well: the generalized form of Zhong et al. (MiSLAS, CVPR 2021, section 3.2),
    who give them a smaller rate (``custom_keys={'fc.layer': dict(lr_mult=0.2)}`` of the optimizer wrapper).

    A checkpoint of stage 1 fits as it is: what it has for the model's head goes to the classifier in here. The
    backbone is ``FreezeHook``'s to freeze.

    Args:
        classifier: Config of the head of stage 1, LinearClsHead or CosineHead, with the loss of stage 2.
        train_weights: Whether the class weights, and their bias, learn too.

    Raises:
        ValueError: If the classifier has no linear layer ``fc``.
    """

    def __init__(self, classifier: dict, train_weights: bool = False):
        super().__init__()
        self.classifier = MODELS.build(checks.config('classifier', classifier, MODELS))
        layer = getattr(self.classifier, 'fc', None)
        if not isinstance(layer, nn.Linear):
            name = type(self.classifier).__name__
            raise ValueError(f'classifier is a {name}, expected a head with a linear layer fc')
        self.classifier.fc = ScaledLinear(layer, checks.flag('train_weights', train_weights))
        self.num_classes = layer.out_features
        self.register_load_state_dict_pre_hook(_take_stage_one)

    def pre_logits(self, feats: tuple[Tensor, ...]) -> Tensor:
        """The features (B, D) that the classifier scores."""
        return self.classifier.pre_logits(feats)

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, K)."""
        return self.classifier(feats)

    def loss(self, feats: tuple[Tensor, ...], data_samples: list[DataSample], **kwargs) -> dict[str, Tensor]:
        """The classifier's loss."""
        return self.classifier.loss(feats, data_samples, **kwargs)

    def predict(
        self, feats: tuple[Tensor, ...], data_samples: list[DataSample] | None = None
    ) -> list[DataSample]:
        """The classifier's predictions."""
        return self.classifier.predict(feats, data_samples)


def _take_stage_one(head: nn.Module, state_dict: dict, prefix: str, *_) -> None:
    """Rename the entries of a head of stage 1; those of this head stay as they are."""
    inside = f'{prefix}classifier.'
    for key in [key for key in state_dict if key.startswith(prefix) and not key.startswith(inside)]:
        name = key[len(prefix) :].replace('fc.', 'fc.layer.', 1)
        state_dict[inside + name] = state_dict.pop(key)

"""The self-supervised term beside the experts' classification (NCL, Li et al., CVPR 2022): momentum contrast."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.dist import get_world_size
from mmengine.model import BaseModule, ExponentialMovingAverage, ModuleList
from mmpretrain.models.utils import batch_shuffle_ddp, batch_unshuffle_ddp
from mmpretrain.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional

from mmlongtail.structures import BatchLayout, checks
from mmlongtail.structures.precision import full_precision

from ..branch_features import of_rows
from ..branching import BranchedModule, lay_out
from .key_queue import KeyQueue


@MODELS.register_module()
class MomentumContrast(BaseModule):
    """Each expert tells an image's key, made from another view by the expert's slow copy, from keys of other images.

    Source: Li et al., "Nested Collaborative Learning for Long-Tailed Visual Recognition", CVPR 2022, whose term is
    MoCo: He et al., CVPR 2020, eqs. (1) and (2), with the projection of MoCo v2 (Chen et al., 2020). Of queries q, keys
    k and the N keys n of the queue, all of length 1::

        L = sum over experts, mean over images and queries of
            -log( exp(q k / temperature) / (exp(q k / temperature) + sum_n exp(q n / temperature)) )

    Everything here is for training: predictions use none of it, and a checkpoint without it loads. Then, as at the
    start of a training, the slow copy begins as the experts are. Its batch norm uses the statistics of its own batch;
    on several ranks the images are shuffled among them before and the keys put back after, as in MoCo; with SyncBN that
    changes nothing. On one rank keys and queries are normalized with the same images, as in the authors' code.

    Known of NCL, from the authors' config for CIFAR-100-LT: ``queue_len=1024``, ``feat_dim=64``, ``temperature=0.2``,
    0.999 for the old weights, weight 1, hidden channels as many as the features'. MoCo v2 has 65,536 keys of 128 on
    ImageNet. The authors' code leaves the slow copies' projections as they were drawn; here they follow, as in MoCo.

    Args:
        backbone: The experts' backbone, of which the slow copy is made.
        neck: Their neck, or None.
        num_experts: Number E of experts.
        in_channels: Channels of the experts' features, or of each expert's.
        queue_len: Number N of keys that an expert tells the right one from.
        feat_dim: Length D of queries and keys.
        momentum: Share of the experts' weights in each update of the slow copy, MoCo's 1 - m; one per iteration.
        temperature: Divides the similarities.
        loss_weight: Factor of the result.

    Raises:
        ValueError: For a number out of its range, or channels of another number of experts.
    """

    def __init__(
        self,
        backbone: nn.Module,
        neck: nn.Module | None,
        num_experts: int,
        in_channels: int | Sequence[int],
        queue_len: int,
        feat_dim: int = 128,
        momentum: float = 0.001,
        temperature: float = 0.2,
        loss_weight: float = 1.0,
    ):
        super().__init__()
        self.num_experts = checks.whole('num_experts', num_experts)
        channels = [in_channels] * num_experts if isinstance(in_channels, int) else in_channels
        channels = checks.sequence('in_channels', channels, checks.whole, length=num_experts)
        checks.number('momentum', momentum, above=0, below=1)
        checks.number('temperature', temperature, above=0)
        self.loss_weight = checks.number('loss_weight', loss_weight, at_least=0)
        self.queue = KeyQueue(queue_len, num_experts, feat_dim)
        self.projections = ModuleList(projection(width, feat_dim) for width in channels)
        self.head = MODELS.build(
            dict(type='ContrastiveHead', loss=dict(type='CrossEntropyLoss'), temperature=temperature)
        )
        self.slow = ExponentialMovingAverage(Encoder(backbone, neck, self.projections), momentum)
        for module in self.slow.modules():
            if isinstance(module, BranchedModule):  # which a checkpoint need not fill
                module.name = f'slow copy of {module.name}'

    def forward(
        self, features: Sequence[Tensor], images: Tensor, backbone: nn.Module, neck: nn.Module | None
    ) -> dict[str, Tensor]:
        """The loss, ``loss_contrast``; in training mode also an update of the slow copy and of the queue.

        Args:
            features: Features (T, B, C) of each expert, T query views of B images.
            images: (B, C, H, W), the key view.
            backbone: The experts' backbone as it is now.
            neck: Their neck.
        """
        queries = embeddings(self.projections, features)  # (E, T, B, D)
        keys = self._keys_of(images, Encoder(backbone, neck, self.projections))  # (B, E, D)
        with torch.autocast(queries.device.type, enabled=False):
            positive = torch.einsum('etbd,bed->etb', queries, keys)
            negative = torch.einsum('etbd,ned->etbn', queries, self.queue.keys.to(queries))
            loss = self.head.loss(positive.reshape(-1, 1), negative.flatten(0, 2))
        if self.training:
            self.queue.enqueue(keys)
        return dict(loss_contrast=self.loss_weight * self.num_experts * loss)

    @torch.no_grad()
    def _keys_of(self, images: Tensor, experts: Encoder) -> Tensor:
        """Keys (B, E, D) of the slow copy, which first makes a step toward the experts."""
        if self.training:
            self.slow.update_parameters(experts)
        if get_world_size() == 1:
            return self.slow(images)
        images, order = batch_shuffle_ddp(images.contiguous())
        return batch_unshuffle_ddp(self.slow(images).contiguous(), order)


class Encoder(nn.Module):
    """The way from images to embeddings, of all experts.

    Args:
        backbone: Backbone.
        neck: Neck, or None.
        projections: One module per expert.
    """

    def __init__(self, backbone: nn.Module, neck: nn.Module | None, projections: ModuleList):
        super().__init__()
        self.backbone, self.neck, self.projections = backbone, neck, projections

    def forward(self, images: Tensor) -> Tensor:
        """Embeddings (B, E, D) of images (B, C, H, W)."""
        layout = BatchLayout.of_inputs(len(images), branches=len(self.projections))
        lay_out(layout, self.backbone, self.neck)
        features = self.backbone(images)
        if self.neck is not None:
            features = self.neck(features)
        return embeddings(self.projections, layout.split(features[-1]))[:, 0].transpose(0, 1)


def projection(in_channels: int, feat_dim: int) -> nn.Module:
    """Two linear layers with as many hidden channels as features."""
    sizes = dict(in_channels=in_channels, hid_channels=in_channels, out_channels=feat_dim)
    return MODELS.build(dict(type='MoCoV2Neck', with_avg_pool=False, **sizes))


def embeddings(projections: ModuleList, features: Sequence[Tensor]) -> Tensor:
    """Projected features of length 1 in full precision, (E, T, B, D), of features (T, B, C) of each expert."""
    projected = [of_rows(module, part) for module, part in zip(projections, features)]
    return functional.normalize(full_precision(torch.stack(projected)), dim=-1)

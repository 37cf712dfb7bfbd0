"""A classifier starts from what is known of its classes: their names, or the features of their images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS
from torch import Tensor
from torch.nn.functional import normalize

from mmlongtail.structures import checks
from mmlongtail.tensor_file import read_class_features

from ..class_means import class_means
from ..start_checks import StartError, check_same_classes
from .class_mean_hook import once
from .tau_normalization_hook import bare_model


@HOOKS.register_module()
class ClassifierStartHook(Hook):
    """Before the first iteration, give classifiers the directions of text features or of mean image features.

    Source: Shi et al., "Long-Tail Learning with Foundation Model: Heavy Fine-Tuning Hurts", ICML 2024, semantic-aware
    initialization. The weight of class k becomes its feature, of length 1; it is meant for CosineHead. A class without
    images keeps the direction that it has.

    Args:
        file: Features (K, D) of the classes: .safetensors as of ``tools/text_features.py``, or .npy.
        dataloader: Instead, config of a loader of training images, in most cases with the test pipeline, whose mean
            features are taken. Its sampler is, if it names none, one that gives every image once.
        layers: Names of the linear layers, (K, D) each, that start so.

    Raises:
        ValueError: For none or both of them.
        StartError: If the file is not there, or of other classes or channels than the layers.
    """

    def __init__(
        self, file: str | None = None, dataloader: dict | None = None, layers: Sequence[str] = ('head.fc',)
    ) -> None:
        self.file = checks.text('file', file, optional=True)
        self.dataloader = None if dataloader is None else once(dataloader)
        self.layers = checks.sequence('layers', layers, checks.text, at_least=1)
        if (file is None) == (dataloader is None):
            checks.refuse('file', file, f'a file or a dataloader, one of the two; dataloader is {dataloader}')

    def fills(self, training: bool) -> tuple[str, ...]:
        """Tensors that need nothing of a checkpoint."""
        return tuple(f'{layer}.weight' for layer in self.layers) if training else ()

    @torch.no_grad()
    def before_train(self, runner) -> None:
        """Set the weights, unless the training goes on from a checkpoint."""
        if runner.iter:
            return
        model = bare_model(runner.model)
        weights = [self._weight(model, layer) for layer in self.layers]
        features, known = self._of_file(runner) if self.file else self._of_images(runner, model, weights[0])
        for layer, weight in zip(self.layers, weights):
            if weight.shape != features.shape:
                raise StartError(
                    f'{layer} has weights {tuple(weight.shape)}, but the features of the classes are '
                    f'{tuple(features.shape)}, {self.file or "of the images"}'
                )
            weight.copy_(torch.where(known[:, None], normalize(features, dim=1), weight))

    @staticmethod
    def _weight(model, layer: str) -> Tensor:
        try:
            return model.get_parameter(f'{layer}.weight')
        except AttributeError:
            known = [
                n[:-7] for n, p in model.head.named_parameters('head') if n.endswith('weight') and p.ndim == 2
            ]
            raise StartError(
                f'layers names {layer!r}, which is no linear layer of the model; it has {known}'
            ) from None

    def _of_file(self, runner) -> tuple[Tensor, Tensor]:
        if not Path(self.file).is_file():
            raise StartError(
                f'{self.file} is not there: tools/text_features.py writes it, or start from images: '
                'ClassifierStartHook(dataloader=...)'
            )
        features, classes = read_class_features(self.file)
        ours = getattr(runner.train_dataloader.dataset, 'metainfo', {}).get('classes')
        if classes and ours and not all(name.isdecimal() for name in ours):  # numbers are no names
            check_same_classes(ours, classes, self.file)
        device = next(runner.model.parameters()).device
        return features.float().to(device), torch.ones(len(features), dtype=torch.bool, device=device)

    def _of_images(self, runner, model, weight: Tensor) -> tuple[Tensor, Tensor]:
        loader = runner.build_dataloader(self.dataloader, seed=runner.seed)
        means, counts = class_means(model, loader, tuple(weight.shape), weight.device)
        model.train()
        return means.float(), counts > 0

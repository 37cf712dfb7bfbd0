"""Mean features of the training set's classes, for the classifier that needs no training."""

from __future__ import annotations

from copy import deepcopy

import torch
from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS
from torch import nn

from mmlongtail.structures import TakesClassMeans, checks

from ..run_parts import bare_model


@HOOKS.register_module()
class ClassMeanHook(Hook):
    """Before a test or a validation, give ``NearestClassMeanHead`` the mean feature of each class.

    Source: Kang et al., "Decoupling Representation and Classifier for Long-Tailed Recognition", ICLR 2020, section
    4.2. The features are those of the model in eval mode, the sums are in double precision, over all processes.

    Args:
        dataloader: Config of a loader of the training set, of single-label images, in most cases with the test
            pipeline. Its sampler is, if it names none, one that gives every image once.

    Raises:
        ValueError: If the model's head takes no class means.
    """

    def __init__(self, dataloader: dict) -> None:
        self.dataloader = deepcopy(checks.mapping('dataloader', dataloader))
        once = dict(type='DefaultSampler', shuffle=False, round_up=False)
        self.dataloader.setdefault('sampler', once)
        self.dataloader.setdefault('collate_fn', dict(type='default_collate'))

    def fills(self, training: bool) -> tuple[str, ...]:
        """Tensors that need nothing of a checkpoint."""
        return ('head.means', 'head.known')

    @torch.no_grad()
    def before_test(self, runner) -> None:
        """Compute the means and hand them over."""
        model = bare_model(runner.model)
        if not isinstance(model.head, TakesClassMeans):
            raise ValueError(
                f'the head is a {type(model.head).__name__}, expected one with set_class_means, such as '
                f'NearestClassMeanHead'
            )
        model.eval()
        sums, counts = self._sums(model, runner.build_dataloader(self.dataloader, seed=runner.seed))
        means = sums / counts.clamp(min=1)[:, None]
        model.head.set_class_means(means.to(model.head.means), counts > 0)

    before_val = before_test

    @staticmethod
    def _sums(model: nn.Module, loader) -> tuple[torch.Tensor, torch.Tensor]:
        """Sums of the features (K, D) and numbers of images (K,) per class."""
        device = model.head.means.device
        exact = torch.float32 if device.type == 'mps' else torch.float64  # which has no double precision
        sums = torch.zeros_like(model.head.means, dtype=exact)
        counts = torch.zeros(len(sums), dtype=torch.int64, device=device)
        for batch in loader:
            batch = model.data_preprocessor(batch, False)
            feats = model.head.pre_logits(model.extract_feat(batch['inputs']))
            labels = torch.cat([sample.gt_label for sample in batch['data_samples']]).to(device)
            sums.index_add_(0, labels, feats.to(exact))
            counts += labels.bincount(minlength=len(counts))
        all_reduce(sums)
        all_reduce(counts)
        return sums, counts

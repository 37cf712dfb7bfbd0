"""Mean features of the training set's classes, for the classifier that needs no training."""

from __future__ import annotations

from copy import deepcopy

from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS

from mmlongtail.structures import TakesClassMeans, checks

from ..class_means import class_means
from ..run_parts import bare_model


def once(dataloader: dict) -> dict:
    """Config of a loader with a sampler that gives every image once, unless it names one."""
    config = deepcopy(checks.mapping('dataloader', dataloader))
    config.setdefault('sampler', dict(type='DefaultSampler', shuffle=False, round_up=False))
    config.setdefault('collate_fn', dict(type='default_collate'))
    return config


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
        self.dataloader = once(dataloader)

    def fills(self, training: bool) -> tuple[str, ...]:
        """Tensors that need nothing of a checkpoint."""
        return ('head.means', 'head.known')

    def before_test(self, runner) -> None:
        """Compute the means and hand them over."""
        model = bare_model(runner.model)
        if not isinstance(model.head, TakesClassMeans):
            raise ValueError(
                f'the head is a {type(model.head).__name__}, expected one with set_class_means, such as '
                f'NearestClassMeanHead'
            )
        loader = runner.build_dataloader(self.dataloader, seed=runner.seed)
        shape, device = tuple(model.head.means.shape), model.head.means.device
        means, counts = class_means(model, loader, shape, device)
        model.head.set_class_means(means.to(model.head.means), counts > 0)

    before_val = before_test

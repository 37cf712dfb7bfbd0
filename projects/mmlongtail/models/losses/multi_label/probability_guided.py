"""Probability Guided loss (Lin, 2022)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import torch
from mmengine.dist import all_reduce
from mmpretrain.registry import MODELS
from torch import Tensor

from mmlongtail.structures import MULTI_LABEL, ClassGroups, GroupsConfig, checks

from ..class_counts import ClassCounts
from .base import MultiLabelLoss
from .focal_bce import Side, focal_bce
from .rebalanced_weight import rebalanced_weight

Factor = float | Mapping[str, float] | Sequence[float]
# Which adaptive factors are multiplied by p- / p+; the others by its inverse. 'closing' closes the gap by Table 1,
# 'literal' is "just as APAF", where the positives' own factor follows p+ / p-.
FOLLOWS_NEGATIVES = dict(
    closing=dict(pos_scale=True, pos_divisor=False, neg_scale=True, neg_divisor=True),
    literal=dict(pos_scale=False, pos_divisor=False, neg_scale=True, neg_divisor=True),
)
FOCAL = ('adaptive', 'fixed', None)
FOCAL_ON = ('plain', 'scaled')
WEIGHT = ('alpha', 'beta', 'mu')
LEAST = 1e-3  # mean probabilities below are taken as this, so that no ratio exceeds 1,000


def batch_probabilities(logits: Tensor, targets: Tensor, groups: Tensor) -> Tensor:
    """Mean probability of being right of each class's positives and negatives, over the batches of all ranks.

    Source: Lin, 2022, eqs. (6) and (7). A class without positives takes the mean of the classes of its group that
    have some; if the group has none, the class's value for negatives; and the same with the signs exchanged.

    Args:
        logits: (B, K).
        targets: (B, K), multi-hot or soft.
        groups: Group of each class, (K,), as :meth:`ClassGroups.assign` gives them.

    Returns:
        The means of positives and of negatives, (2, K), detached; 0.5 where no rank has any image.
    """
    logits, labels = logits.detach(), targets.sum(0)
    positive = logits.sigmoid().mul_(targets).sum(0)
    negative = logits.neg().sigmoid_()
    negative = negative.addcmul_(negative, targets, value=-1).sum(0)
    sums = torch.stack([positive, negative, labels, len(targets) - labels]).view(2, 2, -1)  # (2, 2, K)
    all_reduce(sums)
    means = sums[0] / sums[1]  # (2, K), NaN where there is no label
    members = groups == torch.arange(len(MULTI_LABEL.names), device=groups.device)[:, None]  # (3, K)
    group_means = torch.where(members, means[:, None], torch.nan).nanmean(dim=-1)  # (2, 3)
    means = torch.where(means.isnan(), group_means[:, groups], means)
    return torch.where(means.isnan(), means.flip(0), means).nan_to_num(0.5)


@MODELS.register_module()
class ProbabilityGuidedLoss(MultiLabelLoss):
    """Four gradient scaling factors and a focal factor that keep positive and negative probability together.

    Source: Lin, "Probability Guided Loss for Long-Tailed Multi-Label Image Classification", 2022, eq. (10), with
    z' = z - v the biased logit of DB loss (Wu et al., ECCV 2020)::

        positive label   1/pos_divisor  sigmoid(-z)^gamma_pos  log(1 + exp(-pos_scale z'))
        negative label   1/neg_divisor  sigmoid( z)^gamma_neg  log(1 + exp( neg_scale z'))

    The paper leaves open whether DB loss's balance factor and weight stay, and DB loss's code has its focal factor on
    the scaled logit: ``balance``, ``reweight`` and ``focal_on``.

    A factor is a number, a number per group ``dict(head=..., medium=..., tail=...)`` or a number per class. By the
    paper's Table 1 a larger pos_scale (lambda_1^+) or neg_divisor (lambda_2^-) raises the probability p+ of
    positives and lowers that of negatives, p-; pos_divisor (lambda_2^+) does the reverse, neg_scale
    (lambda_1^-) lowers both.

    Args:
        pos_scale: lambda_1^+, > 0.
        pos_divisor: lambda_2^+, > 0.
        neg_scale: lambda_1^-, > 0.
        neg_divisor: lambda_2^-, > 0.
        adaptive: Names of the factors that each batch multiplies, per class, by the ratio of the mean p+ and p- or its
            inverse (APR), in the direction of ``adaptive_rule``.
        adaptive_rule: 'closing' for p-/p+, but p+/p- for pos_divisor: always the direction that closes the gap;
            'literal' for p-/p+ of the negatives' factors and p+/p- of the positives', as in eq. (8).
        focal: 'adaptive' for ``gamma_pos = focal_gamma p+/p-`` and ``gamma_neg = focal_gamma p-/p+`` (APAF, eq. 8),
            'fixed' for ``focal_gamma`` itself, None for no focal factor.
        focal_on: 'plain' for the focal factor on sigmoid(z), as eq. (10) prints it, 'scaled' for the sigmoid of what
            stands in the logarithm, as in DB loss's code.
        focal_gamma: lambda_0, >= 0.
        balance: Factor of the whole, > 0; DB loss's code has 2 with a focal factor.
        reweight: ``dict(alpha=..., beta=..., mu=...)`` of DB loss's weight, see ``rebalanced_weight``; None for none.
        init_bias: The kappa of the class bias, whatever the factors are.
        bias_scale: The lambda of the class bias, > 0.
        groups: What differs from the preset ``multi_label``, see :meth:`ClassGroups.from_config`.
        class_counts: As in :class:`ClassCounts`.
        num_images: As in :class:`ClassCounts`.
        reduction: As in :class:`MultiLabelLoss`.
        loss_weight: Factor of the result.

    Raises:
        ValueError: For a factor that is not positive, lacks a group or has not one value per class; for an unknown
            ``focal``, ``focal_on``, ``adaptive`` or ``adaptive_rule``, another key than those in ``reweight``, a
            negative ``focal_gamma``, a ``balance`` or a ``bias_scale`` not above 0.

    Example:
        >>> loss = ProbabilityGuidedLoss(class_counts=[90, 9, 1], num_images=95)
        >>> loss(torch.tensor([[2.0, 0.0, 0.0]]), torch.tensor([[1, 0, 1]]))
        tensor(0.0709)
    """

    def __init__(
        self,
        pos_scale: Factor = 1.0,
        pos_divisor: Factor = 1.0,
        neg_scale: Factor = 5.0,
        neg_divisor: Factor = 5.0,
        adaptive: Sequence[str] = (),
        adaptive_rule: str = 'closing',
        focal: str | None = 'adaptive',
        focal_on: str = 'plain',
        focal_gamma: float = 2.0,
        balance: float = 1.0,
        reweight: Mapping[str, float] | None = None,
        init_bias: float = 0.05,
        bias_scale: float = 5.0,
        groups: GroupsConfig = None,
        class_counts: Sequence[int] | None = None,
        num_images: int | None = None,
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ):
        super().__init__(reduction, loss_weight)
        self.counts = ClassCounts(class_counts, num_images, needs_num_images=True)
        self.factors = dict(
            pos_scale=pos_scale, pos_divisor=pos_divisor, neg_scale=neg_scale, neg_divisor=neg_divisor
        )
        self.class_groups = ClassGroups.from_config(groups, MULTI_LABEL)
        for name, factor in self.factors.items():
            _check_factor(name, factor, self.class_groups.names)
        self.adaptive = checks.sequence('adaptive', adaptive, partial(checks.choice, options=self.factors))
        self.follows_negatives = FOLLOWS_NEGATIVES[
            checks.choice('adaptive_rule', adaptive_rule, FOLLOWS_NEGATIVES)
        ]
        self.focal = checks.choice('focal', focal, FOCAL)
        self.focal_on = checks.choice('focal_on', focal_on, FOCAL_ON)
        self.focal_gamma = checks.number('focal_gamma', focal_gamma, at_least=0)
        self.balance = checks.number('balance', balance, above=0)
        self.reweight = (
            None if reweight is None else checks.mapping('reweight', reweight, checks.number, WEIGHT)
        )
        self.init_bias = checks.number('init_bias', init_bias)
        self.bias_scale = checks.number('bias_scale', bias_scale, above=0)

    def elementwise(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Eq. (10), (B, K)."""
        bias = self.init_bias / self.bias_scale * self.counts.log_odds(logits)
        factors = dict(zip(self.factors, self.counts.derived(self.class_factors, logits)))  # (K,) each
        gamma_pos = gamma_neg = 0.0 if self.focal is None else self.focal_gamma
        if self.adaptive or self.focal == 'adaptive':
            groups = self.counts.derived(self.group_indices, logits)
            means = batch_probabilities(logits, targets, groups).clamp_(min=LEAST)
            to_negatives, to_positives = means.flip(0) / means  # p-/p+ and p+/p-, (K,) each
            for name in self.adaptive:
                factors[name] = factors[name] * (
                    to_negatives if self.follows_negatives[name] else to_positives
                )
            if self.focal == 'adaptive':
                gamma_pos, gamma_neg = gamma_pos * to_positives, gamma_neg * to_negatives
        positive = Side(factors['pos_scale'], self.balance / factors['pos_divisor'], gamma_pos)
        negative = Side(factors['neg_scale'], self.balance / factors['neg_divisor'], gamma_neg)
        weight = None
        if self.reweight:
            weight = rebalanced_weight(targets, self.counts.seen(logits), **self.reweight)
        return focal_bce(logits, targets, positive, negative, bias, self.focal_on == 'plain', weight)

    def class_factors(self, counts: Tensor) -> Tensor:
        """The four factors, (4, K), of classes with counts (K,)."""
        groups = [self.class_groups.names[group] for group in self.group_indices(counts)]
        return counts.new_tensor([_per_class(name, factor, groups) for name, factor in self.factors.items()])

    def group_indices(self, counts: Tensor) -> Tensor:
        """The group, (K,) indices into the groups' names, of classes with counts (K,)."""
        return torch.as_tensor(self.class_groups.assign(counts.long().cpu().numpy()), device=counts.device)


def _check_factor(name: str, factor: Factor, groups: Sequence[str]) -> None:
    """Refuse what is neither a positive number, nor one per group, nor a list of some."""
    positive = partial(checks.number, above=0)
    if isinstance(factor, Mapping):
        checks.mapping(name, factor, positive, groups)
    elif isinstance(factor, Sequence):
        checks.sequence(name, factor, positive, at_least=1)
    else:
        positive(name, factor)


def _per_class(name: str, factor: Factor, groups: Sequence[str]) -> list[float]:
    """The factor of each class, by the name of its group."""
    if isinstance(factor, Mapping):
        return [float(factor[group]) for group in groups]
    if isinstance(factor, Sequence):
        if len(factor) != len(groups):
            raise ValueError(f'{name} has {len(factor)} values, but there are {len(groups)} classes')
        return [float(value) for value in factor]
    return [float(factor)] * len(groups)

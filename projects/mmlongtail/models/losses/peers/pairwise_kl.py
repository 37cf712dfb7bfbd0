"""Sums of Kullback-Leibler divergences over all ordered pairs of peers, without a loop over the pairs."""

from __future__ import annotations

from torch import Tensor

from mmlongtail.structures import checks

GRADIENTS = ('both', 'first', 'second')


def pairwise_kl(log_probs: Tensor, gradient: str = 'both', mask: Tensor | None = None) -> Tensor:
    """``sum_k sum_(q != k) KL(p^k || p^q)`` of n distributions, (...).

    Source: the double sums of NCL++ (Tan et al., 2023, eqs. 4, 5 and 11). Time and memory are linear in n.

    Args:
        log_probs: Log-probabilities of n peers, (n, ..., K).
        gradient: 'both', or only into the 'first' or 'second' argument of each divergence.
        mask: (..., K) bool; the classes outside count nothing, whatever their log-probabilities, also -inf. The
            probabilities of those inside need not add up to 1.

    Raises:
        ValueError: For an unknown ``gradient``.
    """
    if mask is not None:
        log_probs = log_probs.masked_fill(~mask, 0)
    probs = log_probs.exp()
    total = _sum_over_pairs(probs, log_probs, gradient)
    if mask is None or gradient == 'both':
        return total
    # log p^k is of the first argument too; it has a gradient where the probabilities do not add up to 1
    own = (len(probs) - 1) * (probs.detach() * (log_probs - log_probs.detach())).sum(dim=(0, -1))  # all zeros
    return total + own if gradient == 'first' else total - own


def pairwise_binary_kl(logits: Tensor, gradient: str = 'both', mask: Tensor | None = None) -> Tensor:
    """The same sum for independent classes, ``KL(Bernoulli(p^k_j) || Bernoulli(p^q_j))`` summed over classes j, (...).

    Args:
        logits: Logits of n peers, (n, ..., K), with p their logistic function.
        gradient: As in :func:`pairwise_kl`.
        mask: (..., K) bool, the classes that count.

    Raises:
        ValueError: For an unknown ``gradient``.
    """
    if mask is not None:
        logits = logits.masked_fill(~mask, 0)
    # both outcomes in one term: their probabilities differ by opposite amounts, their log-probabilities by the logit
    return _sum_over_pairs(logits.sigmoid(), logits, gradient)


def _sum_over_pairs(probs: Tensor, scores: Tensor, gradient: str) -> Tensor:
    """``n sum_k <p^k - mean p, l^k - mean l>``, which is ``sum_k sum_q <p^k, l^k - l^q>``.

    As p rises with l, each class's sum over k is >= 0: nothing cancels. Where the gradient of ``<p^k, l^k>`` in l^k
    alone is 0, as for probabilities that add up to 1, all that reaches the first arguments of the divergences goes
    through p, and all that reaches the second ones through l.
    """
    checks.choice('gradient', gradient, GRADIENTS)
    probs, scores = _centered(probs), _centered(scores)
    if gradient == 'first':
        scores = scores.detach()
    elif gradient == 'second':
        probs = probs.detach()
    return len(probs) * (probs * scores).sum(dim=(0, -1))


def _centered(values: Tensor) -> Tensor:
    """Values (n, ...) less their mean over n."""
    values = values - values[:1]  # equal peers become exact zeros, which their rounded mean would not give
    return values - values.mean(dim=0, keepdim=True)

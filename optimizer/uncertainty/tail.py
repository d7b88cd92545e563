"""The mean of the worst cases: the lower tail of draws, and the weights under which it is an expectation."""

from __future__ import annotations

import numpy as np

from mmm.arrays import Array

__all__ = ["tail_mean", "tail_weights"]


def tail_mean(customers: Array, tail: float = 0.1, weight: float = 1.0) -> float:
    """Mean of the lowest share ``tail`` of the draws, mixed with the overall mean where ``weight`` is below one.

    This is the lower-tail conditional value at risk (Rockafellar and Uryasev, 2000).

    >>> tail_mean(np.array([1.0, 2.0, 3.0, 4.0]), tail=0.5)
    1.5
    """
    return float(tail_weights(customers, tail, weight) @ customers)


def tail_weights(customers: Array, tail: float, weight: float = 1.0) -> Array:
    """Probabilities of the draws under which the expectation is the tail mean."""
    count = len(customers)
    order = np.argsort(customers, kind="stable")
    share = np.zeros(count)
    share[order] = np.clip(tail * count - np.arange(count), 0, 1) / (tail * count)
    return np.asarray((1 - weight) / count + weight * share)

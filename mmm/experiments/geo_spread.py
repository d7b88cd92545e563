"""Spread: how much the gap of a group varies, learnt from its own history and from groups that were never tested."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from mmm.arrays import Array

__all__ = ["Spread", "spread_of"]

_APART = 0.95  # chance below which a group's own variance may exceed that of placebos by luck
_TREND = 10  # placebos from which on the spread may go with size


@dataclass(frozen=True, eq=False)
class Spread:
    """Standard errors of mean gaps, with the degrees of freedom behind them.

    Parameters
    ----------
    error
        As a share of the group's usual KPI, shape (P,).
    freedom
        Degrees of freedom of Student's t, shape (P,).
    """

    error: Array
    freedom: Array

    def widened(self, times: float) -> Spread:
        """The same with standard errors so many times as large."""
        return Spread(self.error * times, self.freedom)

    def reach(self, level: float = 0.95) -> Array:
        """Standard errors on either side of an estimate that an interval of this level takes, shape (P,)."""
        return np.asarray(special.stdtrit(self.freedom, 0.5 + level / 2))

    def chance(self, gap: Array) -> Array:
        """Two-sided p-values of mean gaps, shape (P,)."""
        return np.asarray(2 * special.stdtr(self.freedom, -np.abs(gap) / self.error))


def spread_of(square: Array, blocks: int, size: Array, placebos: Array, placebo_sizes: Array) -> Spread:
    """Moderated standard errors: each group's own variance, drawn to that of placebos as far as those agree.

    The empirical Bayes variance of Smyth (2004): placebos' variances are scaled inverse chi squares around a value that
    may go with size, and what they scatter beyond their degrees of freedom says how little one knows of another. That
    value is read from logarithms; an error of v there makes it exp(v / 2) too large on average, which is taken off. How
    much they can count is at most their number, for they share donors. A group that plainly varies more than placebos,
    or has fewer than three of them, stands alone.

    Parameters
    ----------
    square
        Variance of each group's mean gap by its own blocks, shape (P,).
    blocks
        Number of blocks behind each variance.
    size
        KPI of each group, shape (P,).
    placebos, placebo_sizes
        The same of groups that were not tested, shape (Q,).

    References
    ----------
    Smyth (2004), Linear models and empirical Bayes methods for assessing differential expression.
    """
    own = float(blocks - 1)
    if len(placebos) < 3:
        return Spread(np.sqrt(square), np.full(len(square), own))
    logs = np.log(np.maximum(placebos, 1e-300)) - special.digamma(own / 2) + np.log(own / 2)
    line, beyond, unsure = _line(logs, np.log(placebo_sizes), np.log(size))
    line -= unsure / 2
    beyond -= float(special.polygamma(1, own / 2))
    prior = min(2 * _inverse_trigamma(beyond), len(placebos)) if beyond > 0 else float(len(placebos))
    centre = np.exp(line + special.digamma(prior / 2) - np.log(prior / 2)) if beyond > 0 else np.exp(line)
    total = prior + own
    drawn = Spread(np.sqrt((prior * centre + own * square) / total), np.full(len(square), total))
    apart = square > centre * special.fdtri(own, prior, _APART)
    return Spread(np.where(apart, np.sqrt(square), drawn.error), np.where(apart, own, total))


def _line(logs: Array, sizes: Array, at: Array) -> tuple[Array, float, Array]:
    """Expected log variance at sizes, the variance of what is left of the placebos', and that of the expected."""
    count, away = len(logs), np.clip(at, sizes.min(), sizes.max()) - sizes.mean()
    if count < _TREND or sizes.max() - sizes.min() < 1e-9:
        scatter = float(logs.var(ddof=1))
        return np.full(len(at), logs.mean()), scatter, np.full(len(at), scatter / count)
    slope, base = np.polyfit(sizes - sizes.mean(), logs, 1)
    left = logs - base - slope * (sizes - sizes.mean())
    scatter = float(left @ left / (count - 2))
    unsure = scatter * (1 / count + away**2 / (count * sizes.var()))
    return np.asarray(base + slope * away), scatter, np.asarray(unsure)


def _inverse_trigamma(value: float) -> float:
    """The x at which trigamma is a value, by Newton's steps."""
    x = 0.5 + 1 / value
    for _ in range(50):
        now = float(special.polygamma(1, x))
        step = now * (1 - now / value) / float(special.polygamma(2, x))
        x += step
        if abs(step) < 1e-9 * x:
            break
    return float(x)

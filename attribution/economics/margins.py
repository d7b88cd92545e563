"""What an active customer earns a period, by channel: ratios of the cohort table, thin channels lean on the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.arrays import Array
from attribution.economics.cohorts import Cohorts
from attribution.economics.retention import ELSEWHERE
from attribution.errors import BadInput, Problem

__all__ = ["Margins", "margins_of"]

_LATE = 0.5  # of the ages seen


@dataclass(frozen=True, eq=False)
class Margins:
    """Draws of contribution margin per active customer and period, in currency.

    Parameters
    ----------
    first, later
        By channel, at age 0 and at each age from 1 on, each of shape (draws,).
    drift
        Margin at the later half of the ages seen over that at the earlier half, less 1; NaN where it is stated or too
        few ages were seen.
    of_one_cohort
        Whether no channel has a second cohort, so that how far margins differ is read off the ages of one; None where
        they are stated.
    """

    first: Mapping[str, Array]
    later: Mapping[str, Array]
    drift: float = np.nan
    of_one_cohort: bool | None = None

    def at(self, channel: str, ages: int) -> Array:
        """Per active customer at ages 0 to ``ages`` - 1, shape (draws, ages)."""
        key = channel if channel in self.first else ELSEWHERE
        return np.column_stack([self.first[key], *[self.later[key]] * (ages - 1)])


def margins_of(
    cohorts: Cohorts, stated: float | Mapping[str, float] | None = None, draws: int = 1000, seed: int = 0
) -> Margins:
    """Margins of a cohort table, or those stated.

    Parameters
    ----------
    cohorts
        With margins where none are stated.
    stated
        Per active customer and period, in currency: for all, or by channel.
    draws, seed
        As for :func:`attribution.economics.fit_retention`.

    Raises
    ------
    BadInput
        Neither the table nor the caller says what a customer earns, or both do, or a channel is missing.
    """
    if stated is not None and cohorts.has_margin:
        remedy = "leave one of them out."
        raise BadInput(Problem("cohorts", "has margins, and a margin is stated beside it.", "margin", remedy=remedy))
    if stated is not None:
        return _stated(cohorts, stated, draws)
    if not cohorts.has_margin:
        remedy = "add a column margin, or state the margin of an active customer and period."
        raise BadInput(Problem("cohorts", "does not say what customers earn.", "margin", remedy=remedy))
    rng = np.random.default_rng([seed, 6])
    rows = cohorts.frame
    if not (rows["margin"] != 0).any():
        remedy = "give the margins, or leave the column out and state the margin of an active customer and period."
        raise BadInput(Problem("cohorts", "is 0 in all rows, so nobody is worth anything.", "margin", remedy=remedy))
    at_first, after = rows[rows["age"] == 0], rows[rows["age"] > 0]
    noises = [_noise(part, part["month"]) for part in (at_first, after)]
    over_ages = _noise(after, after["age"])
    ages = [over_ages if noise is None else noise for noise in noises]
    first = _pooled(at_first, cohorts.channels, ages[0] or 0.0, draws, rng)
    stay = (after["active"] > 0).any()  # where nobody does, who would is taken to earn what all do at first
    later = _pooled(after, cohorts.channels, ages[1] or 0.0, draws, rng) if stay else first
    return Margins(first, later, _drift(rows), noises[0] is None)


def _noise(rows: pd.DataFrame, apart: pd.Series) -> float | None:
    """Variance of one customer's margin, from how far cohorts, or ages, of one channel differ; None of one alone."""
    held = rows.groupby(["channel", apart.rename("apart")], sort=False)[["active", "margin"]].sum()
    held = held[held["active"] > 0].reset_index()
    freedom = len(held) - held["channel"].nunique()
    if freedom <= 0:
        return None
    sums = held.groupby("channel")[["active", "margin"]].transform("sum")
    off = held["margin"] / held["active"] - sums["margin"] / sums["active"]
    return float((held["active"] * off**2).sum() / freedom)


def _stated(cohorts: Cohorts, stated: float | Mapping[str, float], draws: int) -> Margins:
    values = dict(stated) if isinstance(stated, Mapping) else dict.fromkeys(cohorts.channels, float(stated))
    if lacking := [channel for channel in cohorts.channels if channel not in values]:
        text = f"is stated by channel and lacks {', '.join(lacking)}."
        raise BadInput(Problem("cohorts", text, "margin", remedy="state it for each channel of the table."))
    mean = float(
        np.average([values[c] for c in cohorts.channels], weights=[cohorts.acquired(c) for c in cohorts.channels])
    )
    values = {ELSEWHERE: mean, **values}
    drawn = {channel: np.full(draws, float(value)) for channel, value in values.items()}
    return Margins(drawn, drawn)


def _pooled(
    rows: pd.DataFrame, channels: tuple[str, ...], noise: float, draws: int, rng: np.random.Generator
) -> dict[str, Array]:
    """Draws of margin per active customer: each channel's ratio, weighed against all (DerSimonian and Laird, 1986).

    ``noise`` is the variance of one customer's.
    """
    sums = rows.groupby("channel", sort=False)[["active", "margin"]].sum().reindex(list(channels), fill_value=0.0)
    active = sums["active"].to_numpy(dtype=float)
    seen = active > 0
    ratio = np.divide(sums["margin"].to_numpy(dtype=float), active, out=np.zeros_like(active), where=seen)
    variance = np.where(seen, noise / np.where(seen, active, 1.0), np.inf)
    centre, between = _between(ratio[seen], variance[seen])
    elsewhere = np.sqrt(between + 1 / (1 / variance[seen]).sum() if (variance[seen] > 0).all() else between)
    drawn = {}
    for channel, value, own_variance in zip(channels, ratio, variance, strict=True):
        weight = between / (between + own_variance) if between > 0 or own_variance > 0 else 1.0
        weight = 0.0 if not np.isfinite(own_variance) else weight
        mean, spread = weight * value + (1 - weight) * centre, np.sqrt(weight * own_variance) if weight else elsewhere
        drawn[channel] = rng.normal(mean, spread, draws)
    drawn[ELSEWHERE] = rng.normal(centre, elsewhere, draws)
    return drawn


def _between(ratio: Array, variance: Array) -> tuple[float, float]:
    """Mean and variance of the population of channels."""
    if len(ratio) == 1 or not (variance > 0).all():
        return float(ratio.mean()), float(ratio.var(ddof=1)) if len(ratio) > 1 else 0.0
    weight = 1 / variance
    fixed = float(weight @ ratio / weight.sum())
    excess = float(weight @ (ratio - fixed) ** 2) - (len(ratio) - 1)
    between = max(0.0, excess / float(weight.sum() - (weight**2).sum() / weight.sum()))
    weight = 1 / (variance + between)
    return float(weight @ ratio / weight.sum()), between


def _drift(rows: pd.DataFrame) -> float:
    """How margin per active customer changes from the earlier ages to the later ones."""
    later = rows[rows["age"] > 0]
    if later.empty or later["age"].max() < 4:
        return float("nan")
    late = later["age"] > _LATE * later["age"].max()
    halves = [part[["margin", "active"]].sum() for part in (later[~late], later[late])]
    early, last = (float(part["margin"] / part["active"]) if part["active"] > 0 else 0.0 for part in halves)
    return last / early - 1 if early > 0 else float("nan")

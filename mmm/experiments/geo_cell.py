"""What a cell of a geo test showed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from mmm.arrays import Array
from mmm.experiments.geo_design import GeoCell
from mmm.experiments.geo_follow import Followed
from mmm.experiments.geo_spend import SpendChange

__all__ = ["CellReadout", "Effect", "effect_of", "rank_chance"]

_SURE = float(stats.norm.ppf(0.975))


@dataclass(frozen=True)
class Effect:
    """Customers beyond those without the test, with a 95 % interval; negative where they were lost."""

    customers: float
    low: float
    high: float

    @property
    def standard_error(self) -> float:
        """Of a normal distribution with the same interval."""
        return (self.high - self.low) / 2 / _SURE


@dataclass(frozen=True)
class CellReadout:
    """What a cell of a geo test showed, in customers over the test.

    Parameters
    ----------
    cell
        Channel, change and geos.
    effect
        By synthetic control.
    p_value
        Of no effect at all.
    rank_p_value
        The same by the cell's rank among placebos, which knows no distribution; NaN without placebos.
    without
        Customers that the synthetic controls give without the test.
    differences
        The effect by difference in differences beside it.
    after
        Customers beyond in the window after the test; None without one.
    spend
        What was changed.
    """

    cell: GeoCell
    effect: Effect
    p_value: float
    rank_p_value: float
    without: float
    differences: Effect
    after: Effect | None
    spend: SpendChange

    def row(self) -> dict[str, object]:
        """The readout as a line of a table."""
        after = self.after or Effect(np.nan, np.nan, np.nan)
        return {
            "channel": self.cell.channel,
            "change": self.cell.change,
            "geos": ";".join(self.cell.geos),
            "customers_gained": self.effect.customers,
            "low": self.effect.low,
            "high": self.effect.high,
            "standard_error": self.effect.standard_error,
            "p_value": self.p_value,
            "rank_p_value": self.rank_p_value,
            "share": self.effect.customers / self.without if self.without > 0 else np.nan,
            "customers_without": self.without,
            "differences": self.differences.customers,
            "differences_low": self.differences.low,
            "differences_high": self.differences.high,
            "after": after.customers,
            "after_low": after.low,
            "after_high": after.high,
            "spend_change": self.spend.change,
            "spend_without": self.spend.without,
            "spend_of_controls": self.spend.controls,
        }


def effect_of(followed: Followed, kpi: Array, place: int) -> Effect:
    """Customers of a window beyond a cell's synthetic controls; ``kpi`` has shape (G, N)."""
    gaps, spread = followed.tested, followed.spread
    without = float(gaps.synthetic(kpi)[place].sum())
    found = float(gaps.observed(kpi)[place].sum()) - without
    reach = float(spread.reach()[place] * spread.error[place]) * abs(without)
    return Effect(found, found - reach, found + reach)


def rank_chance(own: Followed, test: Array, place: int) -> float:
    """P-value by rank among the placebos in the same window, each over its own standard error."""
    if not len(own.placebos.groups):
        return float("nan")
    beside = np.abs(own.placebos.effect(test)) / own.placebo_spread.error
    found = abs(float(own.tested.effect(test)[place])) / own.spread.error[place]
    return float((1 + (beside >= found).sum()) / (1 + len(beside)))

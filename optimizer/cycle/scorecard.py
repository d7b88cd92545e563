"""The scorecard: over all forecasts that were sealed and reviewed, how often 90 % intervals held."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.estimates import Estimate
from attribution.numbers import percent
from attribution.reading.contracts import Column, Table
from attribution.shown import shown

__all__ = ["SCORECARD", "Scorecard", "share_interval"]

SCORECARD = Table(
    "scorecard",
    (
        Column("name", "text"),
        Column("sealed", "date"),
        Column("first_week", "date"),
        Column("weeks", minimum=0),
        Column("of_weeks", minimum=1),
        Column("planned"),
        Column("planned_low"),
        Column("planned_high"),
        Column("expected_as_spent"),
        Column("expected_as_spent_low"),
        Column("expected_as_spent_high"),
        Column("actual", minimum=0),
    ),
    key=("name",),
)
"""One row per sealed forecast: what it foresaw, what it would have foreseen of the spend as it went, and what came."""

_NOMINAL = 0.9
_ENOUGH = 0.1  # half-width of the interval of a share from which it says something
_MASS = 0.9


@shown
@dataclass(frozen=True, eq=False)
class Scorecard:
    """How well sealed forecasts held.

    Parameters
    ----------
    table
        As :data:`SCORECARD`. Rows whose weeks are not all over, or were when it was sealed, are shown and not counted.
    """

    table: pd.DataFrame

    @property
    def counted(self) -> pd.DataFrame:
        """Forecasts sealed before their last week was over, all weeks of which are over by now."""
        table = self.table
        end = pd.to_datetime(table["first_week"]) + pd.to_timedelta(7 * table["of_weeks"], unit="D")
        return table[(table["weeks"] == table["of_weeks"]) & (pd.to_datetime(table["sealed"]) < end)]

    def held(self, figure: str = "planned") -> int:
        """How many counted forecasts had the actual customers inside their interval.

        Parameters
        ----------
        figure
            ``planned``, as sealed, or ``expected_as_spent``, of the spend as it went.
        """
        return int(held(self.counted, figure).sum())

    def coverage(self, figure: str = "planned") -> Estimate:
        """The share that held, with the exact binomial 90 % interval of the rate behind it."""
        return share_interval(self.held(figure), len(self.counted))

    def bias(self, figure: str = "planned") -> Estimate:
        """Mean of (actual - foreseen) / foreseen; its 90 % interval is that of a mean by Student's t.

        NaN of no forecast, and an interval without ends of a single one.
        """
        from scipy.special import stdtrit

        counted = self.counted
        errors = (counted["actual"] / counted[figure] - 1).to_numpy(dtype=float)
        if not len(errors):
            return Estimate.exact(np.nan)
        mean = float(errors.mean())
        if len(errors) == 1:
            return Estimate(mean, -np.inf, np.inf)
        half = float(stdtrit(len(errors) - 1, (1 + _MASS) / 2) * errors.std(ddof=1) / np.sqrt(len(errors)))
        return Estimate(mean, mean - half, mean + half)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What it says, and what it cannot say yet."""
        number = len(self.counted)
        if not number:
            return ("No forecast that was sealed in time is over yet: nothing can be said of how often they hold.",)
        share, spent, bias = self.coverage(), self.coverage("expected_as_spent"), self.bias()
        said = [
            f"{self.held()} of {number} sealed 90 % intervals held what came; the rate behind that lies between "
            f"{percent(share.low)} and {percent(share.high)}. At the spend as it went, "
            f"{self.held('expected_as_spent')} of {number} would have held ({percent(spent.low)} to "
            f"{percent(spent.high)})."
        ]
        if number == 1:
            said.append("One forecast says nothing of a bias.")
        else:
            sure = bias.low > 0 or bias.high < 0
            text = f"On average {percent(bias.point, signed=True, decimals=1)} came against what was foreseen"
            ends = f"{percent(bias.low, signed=True, decimals=1)} to {percent(bias.high, signed=True, decimals=1)}"
            said.append(f"{text} ({ends}){': a bias' if sure else ', which chance alone may do'}.")
        if (share.high - share.low) / 2 > _ENOUGH:
            said.append(_not_yet(number))
        return tuple(said)


def held(table: pd.DataFrame, figure: str) -> pd.Series:
    """Whether what came lies inside an interval, by row."""
    return (table[f"{figure}_low"] <= table["actual"]) & (table["actual"] <= table[f"{figure}_high"])


def share_interval(successes: int, trials: int) -> Estimate:
    """A share with the exact binomial 90 % interval of the rate behind it; everything from 0 to 1 of no trial.

    References
    ----------
    Clopper and Pearson (1934), "The Use of Confidence or Fiducial Limits Illustrated in the Case of the Binomial",
    Biometrika 26(4).
    """
    from scipy.special import betaincinv

    if not trials:
        return Estimate(np.nan, 0.0, 1.0)
    tail = (1 - _MASS) / 2
    low = 0.0 if successes == 0 else float(betaincinv(successes, trials - successes + 1, tail))
    high = 1.0 if successes == trials else float(betaincinv(successes + 1, trials - successes, 1 - tail))
    return Estimate(successes / trials, low, high)


def _not_yet(number: int) -> str:
    """How few forecasts these are, by what they could not tell from 90 %."""
    against = [held for held in range(number) if share_interval(held, number).high < _NOMINAL]
    needed = next(size for size in range(number, 400) if _width(size) <= _ENOUGH)
    few = f"{max(against)} or fewer" if max(against, default=0) else "none"
    told = f"only if {few} of them had held would that" if against else "nothing it could have done would"
    return (
        f"{number} forecast{'s are' if number > 1 else ' is'} few: {told} speak against 90 %. "
        f"It takes about {needed} before the rate is known to ten points."
    )


def _width(size: int) -> float:
    share = share_interval(round(_NOMINAL * size), size)
    return (share.high - share.low) / 2

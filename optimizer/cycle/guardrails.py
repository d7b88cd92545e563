"""Guardrails: early warnings and a circuit breaker on CAC and LTV:CAC while a plan is being spent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.economics.cac import blended_cac
from attribution.economics.ltv import ltv_to_cac
from attribution.errors import BadInput, Problem
from attribution.findings import Finding
from attribution.numbers import cost, decimal, likelihood
from attribution.reading.contracts import Column, Table

__all__ = ["Ceiling", "Guardrails"]

_WEEK = 7  # days

_TABLE = Table(
    "weekly results",
    (Column("week", "date"), Column("spend", minimum=0), Column("customers", minimum=0)),
    key=("week",),
)


@dataclass(frozen=True)
class Ceiling:
    """Two limits on one figure: where to look, and where to stop.

    Parameters
    ----------
    warn
        Value from which a finding warns.
    stop
        Value from which spending is to be halted.
    """

    warn: float
    stop: float

    def __post_init__(self) -> None:
        if not 0 < self.warn <= self.stop < np.inf:
            raise BadInput(Problem("Ceiling", f"needs 0 < warn <= stop, got {self.warn} and {self.stop}."))


@dataclass(frozen=True)
class Guardrails:
    """Checks of weekly results against what was planned.

    A single bad week is mostly noise, so limits are held against a window, and a limit counts as crossed only where
    chance does not explain it: customers are compared as counts, with a spread of ``dispersion`` times Poisson's.

    Parameters
    ----------
    cac
        Limits on the blended CAC.
    lifetime_value
        Currency per customer; with it LTV:CAC is checked as well.
    least_ratio
        Least LTV:CAC, 3 by common practice.
    window
        Weeks over which figures are taken.
    fixed_cost
        Currency per week.
    confidence
        Probability with which a limit must be crossed before it counts.
    dispersion
        Variance of weekly customers over their mean.
    """

    cac: Ceiling
    lifetime_value: float | None = None
    least_ratio: float = 3.0
    window: int = 4
    fixed_cost: float = 0.0
    confidence: float = 0.9
    dispersion: float = 1.0

    def __post_init__(self) -> None:
        if self.window < 1 or not 0.5 <= self.confidence < 1 or self.dispersion <= 0 or self.fixed_cost < 0:
            text = "needs window >= 1, confidence from 0.5 to below 1, dispersion > 0 and fixed_cost >= 0."
            raise BadInput(Problem("Guardrails", text))
        if self.lifetime_value is not None and not (self.lifetime_value > 0 and self.least_ratio > 0):
            raise BadInput(Problem("Guardrails", "lifetime_value and least_ratio must be positive."))

    def check(self, results: pd.DataFrame) -> list[Finding]:
        """Findings on the latest window: ``cac_warning``, ``cac_breaker``, and ``ltv_cac`` where a value is given.

        Parameters
        ----------
        results
            Columns week, spend and customers (all of them, organic included), one row per week and no week left out.

        Raises
        ------
        BadInput
            Where the table breaks its contract, its rows are not consecutive weeks, or they are fewer than the window.
        """
        weekly = _TABLE.check(results).sort_values("week")
        _check_weeks(weekly["week"])
        if len(weekly) < self.window:
            text = f"has {len(weekly)} weeks and the window is {self.window}."
            raise BadInput(Problem("weekly results", text, remedy="wait, or shorten the window."))
        latest = weekly.tail(self.window)
        outlay = float(latest["spend"].sum()) + self.fixed_cost * self.window
        won = float(latest["customers"].sum())
        findings = [
            self._finding("cac_warning", outlay, won, self.cac.warn, "look into it"),
            self._finding(
                "cac_breaker", outlay, won, self.cac.stop, "halt the increase and fall back to the last plan"
            ),
        ]
        if self.lifetime_value is not None:
            ceiling = self.lifetime_value / self.least_ratio
            low = self._finding("ltv_cac", outlay, won, ceiling, "acquire less, or for less")
            ratio = float(ltv_to_cac(self.lifetime_value, blended_cac(outlay, won)))
            text = f"LTV:CAC is {decimal(ratio, 2)} over {self.window} weeks against {self.least_ratio:g}. {low.text}"
            findings.append(Finding("ltv_cac", low.passed, ratio, self.least_ratio, text))
        return findings

    def _finding(self, name: str, outlay: float, won: float, ceiling: float, action: str) -> Finding:
        cac = float(blended_cac(outlay, won))
        if np.isnan(cac):
            text = f"Nothing was spent and nobody came in {self.window} weeks: there is no CAC to hold against a limit."
            return Finding(name, False, cac, ceiling, text + " See whether the table is complete.")
        chance = self._probability_above(outlay, won, ceiling)
        passed = chance < self.confidence
        verdict = "within the limit, or not surely above it" if passed else f"above the limit: {action}"
        held = f"is {cost(cac)} against {cost(ceiling)}"
        text = f"Blended CAC over {self.window} weeks {held}, {verdict} ({likelihood(chance)} sure)."
        return Finding(name, passed, cac, ceiling, text)

    def _probability_above(self, outlay: float, won: float, ceiling: float) -> float:
        """Probability that the rate of customers is below what the ceiling needs, Gamma posterior of a count."""
        from scipy.stats import gamma

        needed = outlay / ceiling
        return float(gamma.cdf(needed / self.dispersion, (won + 0.5) / self.dispersion))


def _check_weeks(weeks: pd.Series) -> None:
    """Refuse days, months and missing weeks: a window of rows would not be a window of weeks."""
    days = weeks.diff().dt.days.to_numpy()[1:]
    wrong = np.flatnonzero(days != _WEEK)
    if len(wrong):
        named = [f"{weeks.iloc[at]:%Y-%m-%d} and {weeks.iloc[at + 1]:%Y-%m-%d}" for at in wrong[:3]]
        more = f", and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        text = f"has rows that are not seven days apart: {', '.join(named)}{more}."
        remedy = "give one row per week: sum days to weeks, and add a row for every week without spend or customers."
        raise BadInput(Problem("weekly results", text, "week", remedy=remedy))

"""What a run says of money with time; tables and report only read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from attribution.economics import CustomerValues, Payback
from attribution.estimates import Estimate
from attribution.findings import Finding

__all__ = ["ChannelWorth", "Economics"]


@dataclass(frozen=True)
class ChannelWorth:
    """What a channel's customers are worth against what they cost in the plan.

    Parameters
    ----------
    channel
        Its name.
    value
        Lifetime value within the horizon, discounted, in currency.
    extrapolated
        Share of it beyond the ages that were seen.
    cac, ratio
        Of the plan, and lifetime value over it; unknown without a plan, or where it spends nothing.
    below
        Probability that the ratio is below the guardrail; NaN where there is none.
    back, discounted
        When the cost has come back, and when with the margin discounted; None without a CAC.
    """

    channel: str
    value: Estimate
    extrapolated: float
    cac: Estimate
    ratio: Estimate
    below: float
    back: Payback | None
    discounted: Payback | None


@dataclass(frozen=True, eq=False)
class Economics:
    """All that a run says of money with time.

    Parameters
    ----------
    worth
        What customers are worth; None without cohorts.
    channels
        By channel, against the plan's CAC.
    course
        By channel and month since acquisition: margin so far less CAC with its 90 % interval, ``net``; None without a
        plan that spends.
    readings
        As :func:`cac_readings` gives them; None without a fit.
    cycle
        As :func:`attribution.matched_cac` gives it; None where the log does not say.
    cycle_days
        Median days from first touch to conversion by channel.
    notes, findings
        What the reader must know of it.
    stated
        CAC matched to the sales cycle that the plan file states, in the same columns as ``cycle``; None without one.
    volumes
        As :func:`per_volume` gives them; None without a fit.
    back
        When the margin of all whom media win has paid for the spend, in the plan (``PLAN_ITSELF``) and in each what-if
        that has an answer and spends; empty without cohorts or orders.
    """

    worth: CustomerValues | None
    channels: tuple[ChannelWorth, ...]
    course: pd.DataFrame | None
    readings: pd.DataFrame | None
    cycle: pd.DataFrame | None
    cycle_days: pd.Series
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]
    stated: pd.DataFrame | None = None
    volumes: pd.DataFrame | None = None
    back: Mapping[str, Payback] = field(default_factory=dict)

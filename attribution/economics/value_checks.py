"""Whether the value of a customer can be believed: retention held against months that it has not seen, and the rest."""

from __future__ import annotations

import numpy as np
import pandas as pd

from attribution.arrays import Array
from attribution.economics.cohorts import Cohorts
from attribution.economics.customer_value import CustomerValues
from attribution.economics.retention import fit_retention
from attribution.errors import BadInput
from attribution.findings import Finding
from attribution.numbers import cost, counted, percent

__all__ = ["EXTRAPOLATED", "forecast_of_retention", "value_findings"]

EXTRAPOLATED = 0.5
"""Share of a value beyond the ages seen past which a finding says so."""

_FEW = 3  # channels, whose cohorts see half of the companies in which both kinds wear out
_HELD_OUT = 1 / 3  # of the months seen
_LEAST = 6  # months of history
_CLOSE = 0.02  # off by less is no matter
_DRIFT = 0.1
_OPEN = 0.1  # share of draws from which a family of curves counts
_APART = 0.15  # of the larger value
_NOTHING = 1e-3  # of the largest value, below which a customer is worth nothing
_UNITS = {1: "months", 3: "quarters", 12: "years"}
_TAIL = (0.005, 0.995)  # channels are many


def value_findings(values: CustomerValues, seed: int = 0) -> tuple[Finding, ...]:
    """What speaks for and against the values."""
    worth = {channel: float(values.value(channel).mean()) for channel in values.cohorts.channels}
    shares = {c: 1 - float(values.within_observed(c).mean()) / value if value else 0.0 for c, value in worth.items()}
    most = max(shares, key=lambda channel: shares[channel])
    far = tuple(channel for channel, share in shares.items() if share > EXTRAPOLATED)
    text = f"At most {percent(shares[most])} of a customer's value ({most}) lies beyond the ages that were seen."
    if far:
        unit = _UNITS[values.cohorts.months]
        text = (
            f"More than half of a customer's value lies beyond the ages that were seen for {', '.join(far)}: it rests "
            f"on how the retention curve goes on, which no data have shown. The oldest cohorts are "
            f"{max(values.cohorts.oldest(channel) for channel in far)} {unit} old, the value counts {values.ages}."
        )
        if len(values.cohorts.channels) <= _FEW and not values.retention.wearing:
            text += (
                " Few channels do not always show it where customers are of two kinds who both leave more easily with "
                "age; 90 % intervals then hold the truth in three of four cases: state a shorter horizon "
                "where it may be so."
            )
    findings = [Finding("value_extrapolated", not far, shares[most], EXTRAPOLATED, text, far), _curves_agree(values)]
    findings.append(_wears_out(values))
    if values.margins.of_one_cohort is not None:
        findings.append(_of_cohorts(values.margins.of_one_cohort))
    findings.append(forecast_of_retention(values.cohorts, seed))
    drift = values.margins.drift
    if drift == drift:
        steady = abs(drift) <= _DRIFT
        text = (
            f"Margin per active customer changes by {percent(drift, signed=True)} from the earlier to the later half "
            f"of the ages seen; {'it' if steady else 'the value takes it as level, and'} is carried on at its mean."
        )
        findings.append(Finding("margin_level_over_age", steady, drift, _DRIFT, text))
    return tuple(findings)


def _of_cohorts(alone: bool) -> Finding:
    """Whether several cohorts say how far margins of customers differ."""
    text = "Margins are of several cohorts, and intervals of values hold how far these differ."
    if alone:
        text = (
            "No channel has a second cohort, so that nothing but its ages says how far margins of customers differ: "
            "intervals of values are too narrow where cohorts differ. Give the cohorts of further months."
        )
    return Finding("margins_of_several_cohorts", not alone, float(alone), 0.0, text)


def _wears_out(values: CustomerValues) -> Finding:
    """Whether the cohorts show customers of two kinds who all leave more easily with age."""
    worn = values.retention.wearing
    text = "Nothing in the cohorts asks for customers of two kinds who all leave more easily with age."
    if worn:
        text = (
            "By the cohorts of all channels customers are of two kinds, and both leave more easily with age: no "
            "simpler curve fits. Values follow this. Where it is so, 90 % intervals held the truth in 86 to 88 % of "
            "simulated channels, a little less than they promise; a shorter horizon rests on more that was "
            "seen."
        )
    return Finding("both_kinds_wear_out", not worn, float(worn), 0.0, text)


def _curves_agree(values: CustomerValues) -> Finding:
    """Whether both families of curves, where the cohorts leave both open, make about the same value."""
    name, apart = "retention_curves_agree", {}
    most_worth = max(float(values.value(channel).mean()) for channel in values.cohorts.channels)
    for channel in values.cohorts.channels:
        two, value = values.retention.draws[channel].family == 1, values.value(channel)
        if _OPEN < two.mean() < 1 - _OPEN and value.mean() > _NOTHING * most_worth:
            apart[channel] = float(value[two].mean()), float(value[~two].mean())
    off = {channel: abs(one - other) / max(one, other, 1e-12) for channel, (one, other) in apart.items()}
    wide = tuple(channel for channel, share in off.items() if share > _APART)
    if not wide:
        text = "Curves that fit the cohorts about equally well make about the same value of a customer."
        return Finding(name, True, max(off.values(), default=0.0), _APART, text)
    most = max(wide, key=lambda channel: off[channel])
    text = (
        f"The cohorts leave open how retention goes on for {', '.join(wide)}. A customer of {most} is worth "
        f"{cost(apart[most][0])} if customers are of two kinds, and {cost(apart[most][1])} if each has an own churn; "
        f"intervals hold both. Cohorts of {values.ages} {_UNITS[values.cohorts.months]} would settle it."
    )
    return Finding(name, False, off[most], _APART, text, wide)


def forecast_of_retention(cohorts: Cohorts, seed: int = 0) -> Finding:
    """Survivors of the last third of the months, forecast from the months before, against those who were there."""
    name = "retention_forecast"
    history = _months(cohorts)
    if history < _LEAST:
        text = (
            f"The cohorts hold {counted(history, 'month')}, too few to hold retention against months that it has not "
            "seen."
        )
        return Finding(name, False, None, None, text)
    cut = cohorts.last_month - pd.DateOffset(months=max(1, round(history * _HELD_OUT)))
    past = cohorts.before(cut)
    try:
        fitted = fit_retention(past, 600, seed)
    except BadInput:
        return Finding(name, False, None, None, "The earlier months hold no age beyond 0; retention has no forecast.")
    rng = np.random.default_rng([seed, 8])
    forecasts, actual = {}, {}
    for channel in past.channels:
        told = _survivors(cohorts, past, channel)
        if len(told):
            survival = fitted.survival(channel, int(told["age"].max()) + 1)
            share = survival[:, told["age"]] / survival[:, told["age_then"]]
            noise = fitted.dispersion[channel] * told["active_then"].to_numpy() * share * (1 - share)
            drawn = told["active_then"].to_numpy() * share
            forecasts[channel] = rng.normal(drawn.sum(axis=1), np.sqrt(noise.sum(axis=1)))
            actual[channel] = float(told["active"].sum())
    if not forecasts:
        return Finding(name, False, None, None, "No cohort was seen on both sides of the months left out.")
    total: Array = np.sum(list(forecasts.values()), axis=0)
    off = float(total.mean() / max(sum(actual.values()), 1.0) - 1)
    missed = tuple(c for c in forecasts if _misses(forecasts[c], actual[c]))
    text = (
        f"Forecast from the months up to {cut:%Y-%m}, retention puts {percent(off, signed=True)} against the survivors "
        f"of {cohorts.last_month:%Y-%m}"
    )
    text += f"; outside the forecast's 99 % interval: {', '.join(missed)}." if missed else ", inside its interval."
    return Finding(name, not missed, off, None, text, missed)


def _misses(drawn: Array, actual: float) -> bool:
    low, high = np.quantile(drawn, _TAIL)
    return bool(not low <= actual <= high and abs(drawn.mean() / max(actual, 1.0) - 1) > _CLOSE)


def _months(cohorts: Cohorts) -> int:
    first = pd.Timestamp(cohorts.frame["month"].min())
    last = cohorts.last_month
    return (last.year - first.year) * 12 + last.month - first.month + 1


def _survivors(cohorts: Cohorts, past: Cohorts, channel: str) -> pd.DataFrame:
    """Cohorts at the last age before the cut and at the last age seen: month, age and active of both."""
    then = past.of(channel).groupby("month").last()[["age", "active"]].add_suffix("_then")
    both = cohorts.of(channel).groupby("month").last()[["age", "active"]].join(then, how="inner")
    return both[(both["age"] > both["age_then"]) & (both["active_then"] > 0)]

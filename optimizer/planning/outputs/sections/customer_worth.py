"""What a customer is worth: value, cost and payback by channel, and CAC in all its readings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from attribution import plots as paths
from attribution.analysis.sales_cycle import ALL
from attribution.drawing.retention import SHOWN
from attribution.economics import CustomerValues
from attribution.estimates import Estimate
from attribution.numbers import MISSING, amount, cost, counted, decimal, percent
from optimizer.planning.outputs.sections.section import Figure, Section, Table
from optimizer.planning.stages.cac_readings import YEAR
from optimizer.planning.stages.order import order_of
from optimizer.planning.stages.result import Run
from optimizer.planning.stages.worth_of_customers import ChannelWorth, Economics

__all__ = ["CUSTOMER_WORTH", "terms_of", "worth_line"]

_MONTHS = 12
_WORDS = {
    "blended": "Blended: media over all customers",
    "fully loaded": "Fully loaded: media and costs beside them over all customers",
    "paid": "Paid: media over the customers they won",
    "paid, fully loaded": "Paid, fully loaded",
}


def _view(run: Run) -> dict[str, Any] | None:
    result = run.economics
    nothing = result is None or (result.worth is None and result.cycle is None and result.stated is None)
    if result is None or (nothing and run.inputs.costs is None):
        return None
    return {
        "customer_worth": {
            "terms": None if result.worth is None else terms_of(run, result.worth),
            "rows": [_row(one) for one in result.channels],
            "planned": any(one.ratio.known for one in result.channels),
            "guardrail": f"{run.config.economics.guardrail:g}",
            "flags": [finding.text for finding in result.findings if not finding.passed],
            "readings": _readings(result.readings),
            "months": _cycle(result.cycle),
            "stated": _cycle(result.stated),
            "cycle": _cycle_in_words(result),
            "notes": result.notes,
        }
    }


def terms_of(run: Run, values: CustomerValues) -> str:
    """What is counted as lifetime value, of whom, and how far it was seen."""
    keys = run.config.economics
    frame = values.cohorts.frame
    unit = {1: "month", 3: "quarter", 12: "year"}[values.cohorts.months]
    return (
        f"Contribution margin of the first {keys.horizon} months, discounted at {percent(keys.discount_rate)} a year, "
        f"of customers acquired from {frame['month'].min():%B %Y} to {frame['month'].max():%B %Y} and seen to an age "
        f"of at most {counted(frame['age'].max(), unit)}. What lies beyond is carried on by the retention curve."
    )


def _row(one: ChannelWorth) -> dict[str, Any]:
    return {
        "channel": one.channel,
        "value": one.value,
        "seen": one.value.point * (1 - one.extrapolated),
        "carried": one.value.point * one.extrapolated,
        "extrapolated": percent(one.extrapolated) if one.extrapolated == one.extrapolated else MISSING,
        "cac": one.cac,
        "ratio": f"{decimal(one.ratio.point, 1)}" if one.ratio.known else MISSING,
        "ratio_range": one.ratio.range(lambda value: decimal(value, 1)) if one.ratio.known else "",
        "tone": "" if not one.ratio.known else "down" if one.below > 0.5 else "",
        "back": MISSING if one.back is None else one.back.sentence,
        "discounted": MISSING if one.discounted is None else one.discounted.sentence,
    }


def _readings(table: pd.DataFrame | None) -> list[dict[str, Any]]:
    """The readings of the last year, over all channels and markets."""
    if table is None:
        return []
    year = table[(table["period"] == YEAR) & (table["market"] == "") & table["reading"].isin(list(_WORDS))]
    order = year.set_index("reading").reindex([name for name in _WORDS if name in set(year["reading"])])
    return [
        {
            "name": _WORDS[str(name)],
            "outlay": amount(np.nansum([row["spend"], row["costs"]])),
            "customers": Estimate(row["customers"], row["customers_low"], row["customers_high"]),
            "cac": Estimate(row["cac"], row["cac_low"], row["cac_high"]),
        }
        for name, row in order.iterrows()
    ]


def _cycle(table: pd.DataFrame | None) -> list[dict[str, Any]]:
    if table is None:
        return []
    months = table[table["channel"] == ALL].tail(_MONTHS)
    return [
        {
            "month": row["month"],
            "naive": cost(row["naive_cac"]),
            "matched": Estimate(row["matched_cac"], row["matched_cac_low"], row["matched_cac_high"]),
            "difference": percent(row["difference"], signed=True),
            "waiting": percent(1 - row["customers_so_far"] / row["customers_matched"]),
        }
        for _, row in months.iterrows()
    ]


def _cycle_in_words(result: Economics) -> str:
    days = result.cycle_days.dropna().sort_values()
    if days.empty:
        return ""
    return (
        f"Half of those who convert do so within {days.iloc[0]:.0f} ({days.index[0]}) to {days.iloc[-1]:.0f} days "
        f"({days.index[-1]}) of their first touch."
    )


def worth_line(run: Run) -> str:
    """The channels in one line of the terminal; empty without cohorts."""
    result = run.economics
    told = [] if result is None else [one for one in result.channels if one.ratio.known and one.back is not None]
    if not told:
        return ""
    best, least = max(told, key=lambda one: one.ratio.point), min(told, key=lambda one: one.ratio.point)

    def said(one: ChannelWorth) -> str:
        back = one.back.sentence if one.back is not None else MISSING
        unit = "" if back == MISSING or back.startswith("never") else " months"
        return (
            f"{one.channel} {decimal(one.ratio.point, 1)} ({one.ratio.range(lambda v: decimal(v, 1))}), "
            f"payback {back}{unit}"
        )

    return f"Lifetime value over CAC in the plan: best {said(best)}; least {said(least)}."


def _figures(run: Run) -> Iterator[Figure]:
    result = run.economics
    if result is None or result.worth is None:
        return
    caption = (
        "Customers still there by months since acquisition: dots as seen, lines of the model with 90 % bands, dashed "
        "past the ages that were seen. Channels with most customers."
    )
    ranked = sorted(result.worth.cohorts.channels, key=result.worth.cohorts.acquired, reverse=True)
    shown = order_of(run).of(ranked[:SHOWN])
    yield Figure("retention", caption, paths.retention(result.worth, paths.canvas(9.8, 3.8), channels=shown))
    if result.course is not None:
        caption = (
            "What a customer has brought by each month less the CAC in the plan, with 90 % bands: above the line the "
            "cost is back. Planned channels, the largest spend first; by month for all in payback_by_month.csv."
        )
        channels = order_of(run).of(list(dict.fromkeys(result.course["channel"])))
        yield Figure("break_even", caption, paths.break_even(result.course, paths.canvas(9.8, 3.8), channels=channels))


def _tables(run: Run) -> Iterator[Table]:
    result = run.economics
    if result is None:
        return
    if result.worth is not None:
        yield Table("lifetime_value.csv", _value_frame(result, result.worth))
        yield Table("retention.csv", result.worth.curves())
    if any(one.back is not None for one in result.channels):
        yield Table("payback.csv", _payback_frame(result))
    if result.course is not None:
        yield Table("payback_by_month.csv", result.course)
    if result.readings is not None:
        yield Table("cac_readings.csv", result.readings)
    if result.cycle is not None:
        yield Table("cac_matched.csv", result.cycle)
    if result.stated is not None:
        yield Table("cac_matched_as_stated.csv", result.stated)


def _value_frame(result: Economics, values: CustomerValues) -> pd.DataFrame:
    """One row per channel: what the cohorts say, and the plan's CAC beside it."""
    rows = [
        {"channel": one.channel, **one.cac.flat("cac"), **one.ratio.flat("ltv_to_cac"), "probability_below": one.below}
        for one in result.channels
    ]
    frame = values.to_frame().set_index("channel").reindex([one.channel for one in result.channels])
    for one in result.channels:  # a channel without cohorts has the value of the others
        for name, figure in one.value.flat("lifetime_value").items():
            frame.loc[one.channel, name] = figure
    return frame.reset_index().merge(pd.DataFrame(rows), on="channel")


def _payback_frame(result: Economics) -> pd.DataFrame:
    rows = []
    for one in result.channels:
        for discounted, back in ((False, one.back), (True, one.discounted)):
            if back is not None:
                own = {"channel": one.channel, "discounted": discounted, **back.months.flat("months")}
                rows.append({**own, "probability_never": back.never, "horizon": back.horizon, "text": back.sentence})
    return pd.DataFrame(rows)


CUSTOMER_WORTH = Section("customer_worth", "What a customer is worth", _view, _figures, _tables)

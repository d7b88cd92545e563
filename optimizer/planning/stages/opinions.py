"""Three opinions of one truth: paths, mix model, experiments and platforms, of the same days and customers."""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from attribution import Calibrated, Factor, Opinion, Opinions, Source
from attribution.analysis.calibration import calibrated_of
from attribution.analysis.factor_table import factor_columns
from attribution.estimates import HIGH, LOW, Estimate
from attribution.findings import Finding
from attribution.numbers import amount, percent
from mmm import Panel
from optimizer.planning.inputs.days import daily_of
from optimizer.planning.stages.carried_tests import tested
from optimizer.planning.stages.heard import Heard
from optimizer.planning.stages.result import Run

__all__ = ["hear"]

_YEAR = 52
_WIDE = 10
_ASKED = 3  # tests at a time
_Z = 1.6448536269514722


def hear(run: Run) -> Heard | None:
    """All opinions of a run; None where there are fewer than two kinds, or no weekly table that would date them."""
    panel = run.inputs.panel
    if panel is None:
        return None
    days = _days(run, panel)
    window = (panel.dates >= days[0]) & (panel.dates <= days[1])
    customers, spend = float(panel.kpi[:, window].sum()), panel.national_spend[window].sum()
    if not customers > 0:
        return None
    scale, notes = _scale(run, days, customers)
    credited = _credits(run)
    effects = tested(run, *days)
    opinions = [
        Opinion(name, Source.ATTRIBUTION, {c: _times(each, scale) for c, each in own.items()})
        for name, own in credited.items()
    ]
    opinions += _modelled(run, days)
    if effects:
        opinions.append(Opinion("experiment", Source.EXPERIMENT, {c: one.customers for c, one in effects.items()}))
        notes += [one.note for one in effects.values()]
    claims, told = _claimed(run, panel, days)
    opinions, notes = [*opinions, *claims], [*notes, *told]
    if len({opinion.source for opinion in opinions}) < 2:
        return None
    whole = Opinions(tuple(opinions), customers, f"{days[0]:%Y-%m-%d} to {days[1]:%Y-%m-%d}")
    until = {c: one.until for c, one in effects.items()}
    factors = (*_factors(run, whole, credited, until), *_given_factors(run, whole))
    table, calibrated = _table(run, factors, days[1]), _calibrated(run, factors, days[1])

    def design(channels: Sequence[str]) -> str:
        asked = [part for channel in channels[:_ASKED] for part in ("--channel", channel)]
        return f"What settles it: `{shlex.join(['cac', 'test', 'design', run.document.path.name, *asked])}`."

    findings = (*whole.findings(design), *_of_factors(run, table))
    return Heard(whole, *days, spend, scale, factors, table, calibrated, tuple(notes), findings)


def _days(run: Run, panel: Panel) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last day: of the weeks that log and weekly table share, else of the table's last year."""
    length = pd.Timedelta(days=panel.days - 1)
    if run.attribution is not None and run.attribution.period is not None:
        first, last = run.attribution.period
        return first, last + length
    first = panel.dates[-min(_YEAR * panel.per_week, panel.periods)]
    return first, panel.dates[-1] + length


def _scale(run: Run, days: tuple[pd.Timestamp, pd.Timestamp], customers: float) -> tuple[float, list[str]]:
    """Customers of the KPI per conversion of the log over the days, and a sentence on it."""
    compared = run.inputs.log_against_kpi
    if run.attribution is None:
        return 1.0, []
    if run.attribution.period is None:
        return 1.0, ["The log and the weekly table share no week whose spend is known: no path model stands here."]
    if compared is None:
        return 1.0, ["Conversions of the log are taken for customers as they are; nothing counts them against the KPI."]
    weeks = compared.weeks
    logged = float(weeks.loc[(weeks["week"] >= days[0]) & (weeks["week"] <= days[1]), "log"].sum())
    if not logged > 0:
        return 1.0, []
    share = logged / customers
    return 1 / share, [
        f"The log holds {amount(logged)} conversions and the weekly table {amount(customers)} {run.config.outcome} "
        f"({percent(share)}): credit in the table is scaled to the latter, as if those the log misses came alike."
    ]


def _credits(run: Run) -> dict[str, dict[str, Estimate]]:
    """Credit over the common weeks by model and channel, in conversions of the log."""
    result = run.attribution
    if result is None or result.period is None:
        return {}
    found: dict[str, dict[str, Estimate]] = {}
    for name, table in result.cac.items():
        known = table[(table["spend"] > 0) & (table["conversions"] > 0)]
        found[name] = {
            str(channel): Estimate(
                float(row["conversions"]),
                min(float(row["spend"] / row[HIGH]), float(row["conversions"])),
                max(float(row["spend"] / row[LOW]), float(row["conversions"])),
            )
            for channel, row in known.iterrows()
        }
    return {name: own for name, own in found.items() if own}


def _modelled(run: Run, days: tuple[pd.Timestamp, pd.Timestamp]) -> Iterator[Opinion]:
    if run.posterior is None:
        return
    draws = run.posterior.contributions(*(f"{day:%Y-%m-%d}" for day in days))
    own = {name: Estimate.of(draws[name].to_numpy(dtype=float)) for name in run.posterior.channels}
    yield Opinion("mix model", Source.MIX_MODEL, own)


def _claimed(run: Run, panel: Panel, days: tuple[pd.Timestamp, pd.Timestamp]) -> tuple[list[Opinion], list[str]]:
    """Claims of platforms; their interval is that of a count that could have come out otherwise."""
    if run.inputs.claims is None:
        return [], []
    claimed, notes = run.inputs.claims.over(*days, daily_of(panel.national_spend, panel.days))
    own = {}
    for channel, number in claimed.items():
        around = _Z * float(np.sqrt(number))
        own[str(channel)] = Estimate(float(number), max(float(number) - around, 0.0), float(number) + around)
    return [Opinion("platform", Source.PLATFORM, own)] if own else [], notes


def _factors(
    run: Run, opinions: Opinions, credited: Mapping[str, Mapping[str, Estimate]], until: Mapping[str, dt.date]
) -> Iterator[Factor]:
    """The experiment's effect over each model's credit, and where there is none the mix model's.

    Models have the names of their credit in Python, so that :func:`attribution.calibrate` knows them again.
    """
    if run.attribution is None or run.attribution.period is None or run.inputs.panel is None:
        return
    last = run.attribution.period[1] + pd.Timedelta(days=run.inputs.panel.days - 1)
    for title, own in credited.items():
        model = run.attribution.credits[title].model
        for channel, credit in own.items():
            effect = opinions.effect(channel)
            if effect is not None:
                measured = until.get(channel, last.date())
                yield Factor(model, channel, effect.by_channel[channel], credit, effect.name, measured)


def _given_factors(run: Run, opinions: Opinions) -> Iterator[Factor]:
    """Factors of an earlier run, of channels of which this one measures nothing."""
    known = {} if run.attribution is None else {credit.model: credit for credit in run.attribution.credits.values()}
    for factor in run.inputs.factors:
        seen = factor.model in known and factor.channel in known[factor.model].channels
        if seen and opinions.effect(factor.channel) is None:
            yield factor


def _calibrated(run: Run, factors: tuple[Factor, ...], last: pd.Timestamp) -> dict[str, Calibrated]:
    """By the title of a model; the whole log's credit."""
    result, settings = run.attribution, run.config.attribution.calibration
    if result is None:
        return {}
    found = {}
    for title, table in result.conversions.items():
        model = result.credits[title].model
        own = [factor for factor in factors if factor.model == model]
        if own:
            found[title] = calibrated_of(model, table, own, last.date(), settings.aging, run.config.seed)
    return found


def _table(run: Run, factors: tuple[Factor, ...], last: pd.Timestamp) -> pd.DataFrame:
    aging, on = run.config.attribution.calibration.aging, last.date()
    rows = [
        {"model": factor.model, "channel": factor.channel}
        | factor.estimate(aging, on, run.config.seed).flat("factor")
        | {"age_days": factor.age(on)}
        | factor_columns(factor)
        for factor in factors
    ]
    return pd.DataFrame(rows)


def _of_factors(run: Run, table: pd.DataFrame) -> Iterator[Finding]:
    """Factors that are old, and those whose interval leaves almost everything open."""
    if table.empty:
        return
    fresh = run.config.attribution.calibration.aging.fresh
    old = table[table["age_days"] > fresh].groupby("channel", sort=False)["age_days"].max()
    text = f"No factor is older than {fresh:.0f} days."
    if len(old):
        named = ", ".join(f"{channel} ({days} days)" for channel, days in old.items())
        text = f"Factors measured more than {fresh:.0f} days ago are widened: {named}. Test again."
    oldest = float(table["age_days"].max())
    yield Finding("factors_age", not len(old), oldest, fresh, text, tuple(map(str, old.index)))
    open_ = table[~((table["factor_low"] > 0) & (table["factor_high"] < _WIDE * table["factor_low"]))]
    names = tuple(dict.fromkeys(open_["channel"]))
    text = f"Every factor is known within {_WIDE} times."
    if names:
        text = (
            f"Factors whose interval reaches zero or spans more than {_WIDE} times: {', '.join(names)}. Corrected "
            "credit of these says little, and its tails are heavy."
        )
    yield Finding("factors_wide", not names, float(len(names)), 0.0, text, names)


def _times(estimate: Estimate, factor: float) -> Estimate:
    return Estimate(*(value * factor for value in (estimate.point, estimate.low, estimate.high)))

"""From a fit and a table of actuals to what is watched, and from the plan file to the guardrails it is held against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd

from mmm import Panel, Posterior
from mmm.arrays import Array
from mmm.posterior.unseen import Unseen, unseen
from optimizer.cycle.alarms import Level
from optimizer.cycle.guardrails import Ceiling, Guardrails, Levels
from optimizer.cycle.quiet_weeks import LEAST_HISTORY, by_the_model, by_the_past
from optimizer.cycle.sequential import Quiet
from optimizer.cycle.watched import SILENT, Past, Price, Reported, Stage, Watched
from optimizer.planning.file.config import Config
from optimizer.planning.since.actuals import Actuals

__all__ = ["guardrails_of", "watched_of"]

_YEAR = 52
_FEWEST = 10  # conversions a week: fewer have no logarithm worth the name
_SEASONS = 104


def guardrails_of(config: Config) -> Guardrails:
    """The limits that the plan file states."""
    keys, plan = config.guardrails, config.plan
    levels = {rule: Level[str(how).upper()] for rule, how in keys.levels.model_dump().items()}
    return Guardrails(
        twelve_months=Ceiling(keys.twelve_months.warn, keys.twelve_months.stop),
        lifetime_value=keys.lifetime_value or (plan.one_value if plan else None),
        ratios=(keys.ltv_cac.tighten, keys.ltv_cac.optimise, keys.ltv_cac.stop),
        benchmarks=keys.benchmarks,
        beyond_benchmark=keys.beyond_benchmark,
        false_alarms=keys.false_alarms,
        confidence=keys.confidence,
        window=keys.window,
        fixed_cost=plan.fixed_cost / plan.weeks if plan else 0.0,
        levels=Levels(**levels),
    )


def watched_of(config: Config, posterior: Posterior, actuals: Actuals) -> tuple[Watched, tuple[str, ...]]:
    """The weeks to be watched, and words on what the tables do not hold enough of."""
    panel, coming, per = posterior.panel, actuals.coming, posterior.panel.per_week
    expected = _by_week(unseen(posterior, coming), per)
    fitted = _weekly(np.sum([cell.mean() * cell.unit for cell in posterior.cells], axis=0), per)
    kpi = _weekly(panel.kpi.sum(axis=0), per)
    spent = _weekly(panel.national_spend.to_numpy(), per)
    weeks = coming.dates[::per]
    spend = pd.DataFrame(_weekly(coming.spend.sum(axis=0), per), weeks, list(coming.channels))
    year = min(_YEAR, len(kpi))
    past = Past(float(spent[-year:].sum()), float(kpi[-year:].sum()), float(fitted[-year:].mean(axis=1).sum()), year)
    history = _History(config, posterior, actuals, expected)
    reported, lacking = history.reported()
    stages, short = history.stages()
    watched = Watched(
        weeks=weeks,
        spend=spend,
        customers=_weekly(coming.kpi.sum(axis=0), per),
        quiet=by_the_model(expected, fitted, kpi),
        brought=expected.brought,
        reach=_reach(posterior),
        past=past,
        reported=reported,
        prices=tuple(_prices(config, panel, coming)),
        stages=stages,
        outcome=config.outcome,
    )
    return watched, (*lacking, *short)


class _History:
    """Earlier weeks of the table of actuals beside what the model knows of them."""

    def __init__(self, config: Config, posterior: Posterior, actuals: Actuals, expected: Unseen) -> None:
        self._config, self._panel, self._table, per = config, posterior.panel, actuals.table, posterior.panel.per_week
        self._weeks = actuals.coming.dates[::per]
        count = posterior.panel.periods // per
        self._before = pd.date_range(end=self._weeks[0] - pd.Timedelta(weeks=1), periods=count, freq="7D")
        brought = posterior.contributions_by_week()[list(posterior.channels)].to_numpy()
        whole = sum(cell.mean().mean(axis=1) * cell.unit for cell in posterior.cells)
        demand = _weekly(whole - brought.sum(axis=1), per)
        coming = expected.mean.mean(axis=1) - expected.brought.sum(axis=0)
        self._brought = np.vstack([_weekly(brought, per), expected.brought.T])
        self._demand = np.concatenate([demand, coming])
        self._every = self._before.append(self._weeks)

    def reported(self) -> tuple[tuple[Reported, ...], tuple[str, ...]]:
        """Conversions of each channel that the table counts, and words on those it holds too few weeks of."""
        found, words = [], []
        for channel, sources in self._config.guardrails.reported.items():
            if channel not in self._panel.channels:
                continue
            for source, column in sources:
                one = self._counted(channel, source, column)
                found += [one] if one is not None else []
                if one is None:
                    words.append(
                        self._short(
                            f"{source} conversions of {channel}", f", with {_FEWEST} or more in each on average"
                        )
                    )
        return tuple(found), tuple(words)

    def _counted(self, channel: str, source: str, column: str) -> Reported | None:
        place = self._panel.channels.index(channel)
        counts = self._table[column].reindex(self._every).to_numpy(float)
        spent = self._table[self._config.data.weekly.channels[channel]].reindex(self._every).to_numpy(float)  # type: ignore[union-attr]
        brought, new = self._brought[:, place], np.arange(len(self._every)) >= len(self._before)
        known = np.isfinite(counts) & (spent > 0) & (brought > 0)
        rows = np.flatnonzero(known & ~new)[-_YEAR:]
        if len(rows) < LEAST_HISTORY or not known[new].any() or counts[rows].mean() < _FEWEST:
            return None
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(np.column_stack([brought, np.maximum(self._demand, 1e-9), spent]))
        logs -= logs[rows].mean(axis=0)
        logs[~known] = 0.0
        usual = counts[rows].mean()
        few = np.maximum(1 / (usual * np.exp(logs[new, 0])) - 1 / usual, 0.0)
        few[~known[new]] = SILENT
        columns = np.column_stack([np.ones(len(logs)), logs])
        past = np.log(np.maximum(counts[rows], 0.5))
        quiet = by_the_past(past, columns[rows], columns[new], np.array([0.0, 1.0, 0.0, 0.0]), few)
        return Reported(channel, source, np.nan_to_num(counts[new]), quiet)

    def stages(self) -> tuple[tuple[Stage, ...], tuple[str, ...]]:
        """Each step of the funnel, and words on those it holds too few weeks of."""
        found, words = [], []
        funnel = self._config.guardrails.funnel
        for first, then in pairwise(funnel):
            table = self._table[[first, then]].reindex(self._every).to_numpy(float)
            with np.errstate(divide="ignore", invalid="ignore"):
                rate = np.log(table[:, 1] / table[:, 0])
            quiet = _of_its_own(rate[: len(self._before)], self._before, rate[len(self._before) :], self._weeks)
            if (more := int((rate > 0).sum())) > len(rate) / 2:
                words.append(
                    f"{then} counts more than {first} in {more} of {len(rate)} weeks: are the stages of "
                    "guardrails.funnel in the order in which customers pass them?"
                )
            if quiet is None:
                words.append(self._short(f"conversion from {first} to {then}"))
            else:
                found.append(Stage(f"{first} to {then}", _known(rate[len(self._before) :], quiet), quiet))
        return tuple(found), tuple(words)

    @staticmethod
    def _short(what: str, further: str = "") -> str:
        needed = f"it needs {LEAST_HISTORY} weeks of the table before those to be watched{further}"
        return f"Not watched: {what}; {needed}."


def _prices(config: Config, panel: Panel, coming: Panel) -> Iterator[Price]:
    """What a unit of media costs, of channels whose volume is known beside their spend."""
    weekly, per = config.data.weekly, panel.per_week
    for place, channel in enumerate(panel.channels):
        if weekly is None or channel not in weekly.driven_by:
            continue
        logs = []
        for part in (panel, coming):
            volume = part.media[:, :, place]
            if part.frequency is not None and part.by_reach[place]:
                volume = volume * part.frequency[:, :, place]
            paid, bought = (_weekly(each.sum(axis=0), per) for each in (part.spend[:, :, place], volume))
            with np.errstate(divide="ignore", invalid="ignore"):
                logs.append(np.log(paid / bought))
        before = pd.date_range(end=coming.dates[0] - pd.Timedelta(weeks=1), periods=len(logs[0]), freq="7D")
        quiet = _of_its_own(logs[0], before, logs[1], coming.dates[::per])
        if quiet is not None:
            yield Price(channel, _known(logs[1], quiet), quiet)


def _of_its_own(past: Array, before: pd.DatetimeIndex, now: Array, weeks: pd.DatetimeIndex) -> Quiet | None:
    """A logarithm of coming weeks by its own past, with a season where there are two years; None with little past."""
    rows = np.flatnonzero(np.isfinite(past))[-_SEASONS:]
    if len(rows) < LEAST_HISTORY:
        return None
    silent = np.where(np.isfinite(now), 0.0, SILENT)
    season = len(rows) >= _SEASONS
    columns, coming = (_level(dates, season) for dates in (before[rows], weeks))
    return by_the_past(past[rows], columns, coming, np.zeros(columns.shape[1]), silent)


def _level(dates: pd.DatetimeIndex, season: bool) -> Array:
    turn = 2 * np.pi * dates.day_of_year.to_numpy() / 365.25
    waves = [np.sin(turn), np.cos(turn)] if season else []
    return np.column_stack([np.ones(len(dates)), *waves])


def _known(values: Array, quiet: Quiet) -> Array:
    return np.where(np.isfinite(values), values, quiet.mean)


def _by_week(expected: Unseen, per_week: int) -> Unseen:
    mean, drawn = (_weekly(table, per_week) for table in (expected.mean, expected.drawn))
    return replace(expected, mean=mean, drawn=drawn, brought=_weekly(expected.brought.T, per_week).T)


def _weekly(table: Array, per_week: int) -> Array:
    """Sums of the last whole weeks along the first axis."""
    if per_week == 1:
        return table
    whole = len(table) // per_week * per_week
    return np.asarray(table[len(table) - whole :].reshape(-1, per_week, *table.shape[1:]).sum(axis=1))


def _reach(posterior: Posterior) -> dict[str, Array]:
    """Part of an effect that has come by so many weeks."""
    per = posterior.panel.per_week
    lags = {name: np.cumsum(weights.mean(axis=1)) for name, weights in posterior.carryover().items()}
    return {name: np.append(come[per // 2 :: per], 1.0) for name, come in lags.items()}

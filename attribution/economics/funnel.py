"""A funnel: how many reached each stage, by period and channel."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem, UnknownChannel
from attribution.numbers import plain
from attribution.reading.cells import cells_of
from attribution.reading.contracts import Column, Table
from attribution.reading.engine import Engine
from attribution.reading.formats import PLAIN, Format
from attribution.reading.looks import another_unit, sum_of_others
from attribution.shown import shown

__all__ = ["ALL", "Funnel", "read_funnel"]

ALL = "all"
"""All channels together; who comes by a channel without a stage enters at the next one."""

_SHOWN = 3
_MONTH = 28  # days, the least
_TOTALS = 8  # periods, from which counts that never fall are no chance
_SLIP = 10.0  # times as many as the stage before, in its row and in most rows: no lag makes that


@shown
@dataclass(frozen=True, eq=False)
class Funnel:
    """A checked funnel table.

    Parameters
    ----------
    frame
        ``period`` (its first day), ``channel`` and a column of counts for each stage, NaN where it is too early to
        count; sorted.
    stages
        In their order.
    days
        From one period to the next, the least.
    same_people
        Whether the stages of a row count the same people; otherwise each stage counts who reached it in the period.
    """

    frame: pd.DataFrame
    stages: tuple[str, ...]
    days: int
    same_people: bool = False

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels in the order of the table."""
        return tuple(self._rows)

    @property
    def periods(self) -> int:
        """How many periods there are."""
        return int(self.frame["period"].nunique())

    def passed_by(self, channel: str) -> tuple[str, ...]:
        """Stages that a channel's people pass: those before its first count are not on its way.

        Raises
        ------
        UnknownChannel
            Where the funnel has no such channel.
        """
        if channel == ALL:
            return self.stages
        if channel not in self.channels:
            raise UnknownChannel(channel, self.channels, where="the funnel")
        return self._ways[channel]

    @cached_property
    def _rows(self) -> dict[str, pd.DataFrame]:
        return {str(name): rows for name, rows in self.frame.groupby("channel", sort=False)}

    @cached_property
    def _ways(self) -> dict[str, tuple[str, ...]]:
        return {name: _passed(rows, self.stages) for name, rows in self._rows.items()}

    def steps(self) -> Iterator[tuple[str, str, str]]:
        """Channel, stage and next stage of every step that somebody came to; all channels together last."""
        for channel in (*self.channels, *([ALL] if len(self.channels) > 1 else [])):
            passed = self.passed_by(channel)
            for before, after in itertools.pairwise(passed):
                if self.counts(channel, before, after)["entered"].sum() > 0:
                    yield channel, before, after

    def counts(self, channel: str, before: str, after: str) -> pd.DataFrame:
        """``entered`` and ``passed`` of a step by period."""
        if channel in self._rows:
            each = self._rows[channel].set_index("period")[[before, after]]
        else:
            on_way = [rows for name, rows in self._rows.items() if channel == ALL and before in self._ways[name]]
            frame = pd.concat(on_way) if on_way else self.frame.head(0)
            each = frame.groupby("period")[[before, after]].sum(min_count=1)
        return each.dropna().set_axis(["entered", "passed"], axis=1)

    def open(self, before: str, after: str) -> float:
        """People at a stage of whom it is too early to say who reaches the next one."""
        early = self.frame[after].isna()
        return float(self.frame.loc[early, before].sum())


def read_funnel(
    source: object,
    stages: Sequence[str],
    *,
    period: str = "period",
    channel: str | None = "channel",
    same_people: bool = False,
    format: Format | None = None,
    engine: Engine | None = None,
) -> Funnel:
    """A funnel table as it is, checked.

    Parameters
    ----------
    source
        File or frame, a row per period and channel.
    stages
        Columns of counts, in the order in which people pass them.
    period, channel
        Columns of the first day of each period, and of the channel; None where the table is of all together.
    same_people
        Whether a row counts the same people at all its stages: those who entered in its period.
    format, engine
        As for :func:`attribution.read_table`.

    Raises
    ------
    BadInput
        Every problem: counts below 0, periods missing, a later stage larger than an earlier one.
    """
    if len(set(stages)) != len(stages) or len(stages) < 2:
        raise BadInput(
            Problem("funnel", f"stages are {', '.join(stages) or 'none'}.", remedy="name two or more, each once.")
        )
    cells = cells_of(source, "funnel", engine=engine)
    keys = [Column(period, "date"), *([Column(channel, "text")] if channel else [])]
    table = Table(cells.name, (*keys, *(Column(name, minimum=0) for name in stages)), tuple(key.name for key in keys))
    typed = replace(table, first_row=cells.first_row, format=format or PLAIN).check(cells.frame)
    frame = pd.DataFrame(
        {
            "period": pd.DatetimeIndex(typed[period]).tz_localize(None).normalize(),
            "channel": typed[channel].astype(str) if channel else ALL,
            **{name: typed[name].astype(float) for name in stages},
            "row": np.arange(len(typed)) + cells.first_row,
        }
    )
    names: Mapping[str, str] = {"period": period, "channel": channel or ""}
    if problems := list(_problems(frame, cells.name, tuple(stages), names, same_people)):
        raise BadInput(problems)
    order = {name: place for place, name in enumerate(frame["channel"].unique())}
    frame = frame.assign(place=frame["channel"].map(order)).sort_values(["place", "period"], ignore_index=True)
    days = min(_gaps(frame), default=1)
    return Funnel(frame[["period", "channel", *stages]], tuple(stages), int(days), same_people)


def _gaps(frame: pd.DataFrame) -> np.ndarray:
    return np.diff(np.sort(frame["period"].unique())) / np.timedelta64(1, "D")


def _passed(rows: pd.DataFrame, stages: Sequence[str]) -> tuple[str, ...]:
    totals = [float(rows[name].sum()) for name in stages]
    first = next((place for place, total in enumerate(totals) if total > 0), len(totals))
    return tuple(stages[first:])


def _problems(
    frame: pd.DataFrame, name: str, stages: tuple[str, ...], names: Mapping[str, str], same_people: bool
) -> Iterator[Problem]:
    if frame.empty:
        yield Problem(name, "has no rows.", remedy="give a row per period and channel.")
        return
    for stage in stages:
        if not frame[stage].any():
            remedy = "leave the stage out, or name the column that counts it."
            yield Problem(name, "is 0 in all rows: nobody reached this stage.", stage, remedy=remedy)
    yield from _running_totals(frame, name, stages)
    dated = pd.DatetimeIndex(frame["period"]).unique()
    if len(dated) > 2 and dated.is_month_end.all() and (_gaps(frame) >= _MONTH).all():
        text = "periods are dated by the last days of months."
        yield Problem(name, text, names["period"], remedy="date each period by its first day.")
        return
    expected = _expected(frame)
    for channel, rows in frame.groupby("channel", sort=False):
        missing = expected[expected >= rows["period"].min()].difference(pd.DatetimeIndex(rows["period"]))
        if len(missing):
            whose = f" of {channel}" if names["channel"] else ""
            days = ", ".join(f"{day:%Y-%m-%d}" for day in missing[:_SHOWN])
            text = f"periods{whose} are missing: {days}{' and more' if len(missing) > _SHOWN else ''}."
            yield Problem(name, text, names["period"], remedy="give every period, 0 where nobody came.")
        yield from _out_of_order(rows, str(channel), name, stages, same_people)
        yield from _other_units(rows.sort_values("period"), str(channel), name, stages)
    if total := sum_of_others(frame, "channel", ["period"], stages):
        text = f"{total} has as many as all others together in each period: a total, which counts them twice."
        yield Problem(name, text, names["channel"], remedy="leave its rows out.")


def _other_units(rows: pd.DataFrame, channel: str, name: str, stages: tuple[str, ...]) -> Iterator[Problem]:
    """A rate that becomes a hundredth or a hundredfold at once: one of its stages is counted in another unit."""
    for before, after in itertools.pairwise(_passed(rows, stages)):
        entered, passed = rows[before].to_numpy(), rows[after].to_numpy()
        rate = np.divide(passed, entered, out=np.zeros(len(rows)), where=entered > 0)
        if (jump := another_unit(rate)) is not None:
            place, times = jump
            since = f"{rows['period'].iloc[place]:%Y-%m-%d}"
            text = f"from {since} on {channel} has {plain(round(times, 4))} times as many {after} of its {before}."
            remedy = f"count {before} and {after} in one unit and way, or begin the table with {since}."
            yield Problem(name, text, after, remedy=remedy)


def _running_totals(frame: pd.DataFrame, name: str, stages: tuple[str, ...]) -> Iterator[Problem]:
    """Counts of which none ever falls while they multiply: sums so far, whose rates would hide every drop."""
    ordered = frame.sort_values("period").groupby("channel", sort=False)
    series = [rows[stage].to_numpy() for _, rows in ordered for stage in stages if rows[stage].sum() > 0]
    series = [one[np.argmax(one > 0) :] for one in series]
    if min((len(one) for one in series), default=0) < _TOTALS:
        return
    if all((np.diff(one) >= 0).all() and one[-1] > 3 * one[0] for one in series):
        text = f"no count of any stage ever falls over {len(series[0])} periods: these are sums so far."
        yield Problem(name, text, remedy="give what each period alone counted.")


def _expected(frame: pd.DataFrame) -> pd.DatetimeIndex:
    """All periods from the first to the last, by months where the gaps are months."""
    days = pd.DatetimeIndex(frame["period"]).unique().sort_values()
    if len(days) < 3:
        return days
    gaps = _gaps(frame)
    if gaps.min() >= 28 and len(set(days.day)) == 1:
        months = np.arange(0, 12 * (days[-1].year - days[0].year) + days[-1].month - days[0].month + 1)
        step = int(
            np.gcd.reduce(
                np.searchsorted(months, [(d.year - days[0].year) * 12 + d.month - days[0].month for d in days])
            )
        )
        return pd.DatetimeIndex([days[0] + pd.DateOffset(months=int(at)) for at in months[:: max(step, 1)]])
    return pd.date_range(days[0], days[-1], freq=pd.Timedelta(days=float(gaps.min())))


def _out_of_order(
    rows: pd.DataFrame, channel: str, name: str, stages: tuple[str, ...], same_people: bool
) -> Iterator[Problem]:
    """A later stage larger than an earlier one: in all where people differ by stage, else in any row."""
    passed = _passed(rows, stages)
    for before, after in itertools.pairwise(passed):
        more = rows[rows[after] > rows[before]]
        whole, part, most = float(rows[before].sum()), float(rows[after].sum()), float(rows[before].median())
        slips = more[more[after] > _SLIP * np.maximum(more[before], most)]
        reversed_ = float(rows[after].median()) > most
        if 0 < len(slips) <= len(rows) / 4 and not reversed_:
            late, early = (plain(float(slips[stage].iloc[0])) for stage in (after, before))
            text = f"{channel} has {late} {after} of {early} {before}, which are mostly {plain(most)}."
            where = f"row{'s' if len(slips) > 1 else ''} " + ", ".join(map(str, slips["row"][:_SHOWN]))
            yield Problem(name, text, after, where, "correct the cell; lags make a few more, not so many.")
        elif part > whole:
            text = f"stages are out of order: {channel} has {plain(part)} {after} of {plain(whole)} {before}."
            if not whole:
                text = f"{channel} has {plain(part)} {after} and no {before} at all, though it has stages before."
            remedy = f"order stages as people pass them; {after} cannot exceed {before}, which comes before it."
            yield Problem(name, text, after, remedy=remedy)
        elif same_people and len(more):
            text = f"{channel} has more {after} than {before}, though both are said to count the same people."
            where = "rows " + ", ".join(map(str, more["row"][:_SHOWN]))
            yield Problem(name, text, after, where, "correct the counts, or leave same_people out.")

"""Spend of exports by channel and day: campaigns become channels, rows of weeks and months become days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem, UnknownName
from attribution.numbers import amount, counted
from attribution.reading.exports.export import Export, in_currency
from attribution.reading.exports.header import plain
from attribution.reading.patterns import pattern_of
from attribution.shown import shown
from mmm.data.days_to_weeks import WeekDays, millionths, spread
from mmm.data.market_names import MARKET, MarketNames

__all__ = ["VOLUMES", "SpendSource", "overlaps", "spend_by_day"]

VOLUMES = ("impressions", "clicks")
_SHOWN = 3


@shown
@dataclass(frozen=True)
class SpendSource:
    """Exports that belong together, such as the files of one account, and the channels that they hold.

    Parameters
    ----------
    exports
        One or several.
    channels
        Pattern -> channel, in order: the first that a campaign meets names its channel. ``*`` stands for anything,
        every other sign for itself, and case does not matter.
    by
        What patterns look at: ``"campaign"``, or any other column of the files.
    rates
        Currency -> what one unit of it is worth in the table's.
    spreads
        Whether money of a row that crosses weeks falls evenly on its days; an error otherwise.
    rests_outside
        Whether nothing was spent before the first and after the last day of the exports. Otherwise nothing is known of
        those days, and the table ends with them.
    repeats
        Whether rows alike in every column, and days that two files share, are real.
    markets
        Of which market a row is; None where the table has one market.
    """

    exports: Sequence[Export]
    channels: Mapping[str, str]
    by: str = "campaign"
    rates: Mapping[str, float] = field(default_factory=dict)
    spreads: bool = False
    rests_outside: bool = False
    repeats: bool = False
    markets: MarketNames | None = None

    @property
    def name(self) -> str:
        """What messages call it."""
        first = self.exports[0].name
        return first if len(self.exports) == 1 else f"{first} and {len(self.exports) - 1} more"

    @property
    def span(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """First and last day of all its exports."""
        spans = [export.span for export in self.exports]
        return min(first for first, _ in spans), max(last for _, last in spans)


def spend_by_day(source: SpendSource, currency: str, weeks: WeekDays) -> tuple[pd.DataFrame, list[str]]:
    """Spend and volumes of every day.

    Parameters
    ----------
    source
        What to read.
    currency
        That of the result.
    weeks
        A row within one of them needs no spreading.

    Returns
    -------
    One row per row and day: file, market (``""`` where there is one), channel, account, campaign, day, and spend,
    impressions and clicks in whole millionths, with a column ``has_impressions`` and ``has_clicks``; and what was taken
    for granted, a sentence each.

    Raises
    ------
    BadInput
        Campaigns without a channel, rows twice, money that crosses weeks, a rate that is missing.
    """
    parts = []
    notes: list[str] = []
    met: set[str] = set()
    problems: list[Problem | str] = []
    for export in source.exports:
        try:
            converted = in_currency(export, currency, source.rates)
            frame = converted.frame.assign(
                file=export.name, channel=_channels(export, source, met), **{MARKET: _markets(export, source)}
            )
            problems += [] if source.repeats else _twice(export)
            problems += [] if source.spreads else _crossing(export, weeks)
        except BadInput as error:
            problems += error.problems
            continue
        notes += converted.notes
        parts.append(_daily(frame))
    if problems:
        raise BadInput(problems)
    idle = [pattern for pattern in source.channels if pattern not in met]
    if idle:
        notes.append(f"{source.name}: no {source.by} meets the pattern {' or '.join(map(repr, idle[:_SHOWN]))}.")
    return pd.concat(parts, ignore_index=True), notes


def _channels(export: Export, source: SpendSource, met: set[str]) -> pd.Series:
    looked = _looked_at(export, source.by)
    patterns = {text: pattern_of(text, source.channels) for text in looked.unique()}
    met |= {pattern for pattern in patterns.values() if pattern is not None}
    lost = export.frame.assign(text=looked)[looked.map(patterns).isna().to_numpy()]
    if len(lost):
        spent = lost.groupby("text")["spend"].sum().sort_values(ascending=False)
        listed = ", ".join(f"{str(text)[:60]!r} ({amount(money)})" for text, money in spent.head(_SHOWN).items())
        text = f"{amount(len(spent))} of them meet no pattern of channels: {listed}."
        remedy = 'add a pattern, or "*" at the end for all others.'
        raise BadInput(Problem(export.name, text, source.by, remedy=remedy))
    return looked.map(patterns).map(dict(source.channels))


def _markets(export: Export, source: SpendSource) -> list[str]:
    if source.markets is None:
        return [""] * len(export.frame)
    column = source.markets.column
    cells = [""] * len(export.frame) if column is None else [str(cell) for cell in _looked_at(export, column)]
    return source.markets.of(cells, export.name)


def _looked_at(export: Export, by: str) -> pd.Series:
    if by == "campaign":
        return export.frame["campaign"].astype(str)
    if plain(by) not in export.cells.columns:
        raise UnknownName(by, export.cells.columns, where=f"the columns of {export.name}")
    return export.cells[plain(by)]


def _twice(export: Export) -> Iterator[Problem]:
    again = export.cells.duplicated().to_numpy() & (export.frame["spend"] != 0).to_numpy()
    if again.any():
        text = (
            f"{counted(again.sum(), 'row with spend repeats', 'rows with spend repeat')} an earlier one in every "
            "column."
        )
        remedy = "export it again; where they are real, as two bookings of one day may be, say keep_duplicates: true."
        yield Problem(export.name, text, row=f"row {export.lines[again.argmax()]}", remedy=remedy)


def _crossing(export: Export, weeks: WeekDays) -> Iterator[Problem]:
    first, last = weeks.of(export.frame["date"]), weeks.of(export.frame["until"])
    crossing = np.asarray(first != last) & (export.frame["spend"] != 0).to_numpy()
    if crossing.any():
        row = export.frame.iloc[int(crossing.argmax())]
        text = (
            f"{counted(crossing.sum(), 'row holds', 'rows hold')} money of days in several weeks, the first that of "
            f"{row['date']:%Y-%m-%d} to {row['until']:%Y-%m-%d}."
        )
        remedy = "export by day; or say spread: week, month or range, and it falls evenly on the days of each row."
        yield Problem(export.name, text, row=f"row {export.lines[crossing.argmax()]}", remedy=remedy)


def _daily(frame: pd.DataFrame) -> pd.DataFrame:
    days = np.asarray((frame["until"] - frame["date"]).dt.days + 1, dtype=np.int64)
    rows, place, spent = spread(millionths(frame["spend"]), days)
    daily = frame[["file", MARKET, "channel", "account", "campaign"]].iloc[rows].reset_index(drop=True)
    daily["day"] = frame["date"].to_numpy()[rows] + place.astype("timedelta64[D]")
    daily["spend"] = spent
    for volume in VOLUMES:
        daily[volume] = spread(millionths(frame[volume]), days)[2]
        daily[f"has_{volume}"] = frame[volume].notna().to_numpy()[rows]
    return daily


def overlaps(daily: pd.DataFrame) -> list[Problem]:
    """Days of one campaign that two files hold.

    Parameters
    ----------
    daily
        Of all sources whose shared days are not real, as :func:`spend_by_day` gives them.
    """
    active = daily[(daily[["spend", *VOLUMES]] != 0).any(axis=1)]
    keys = [MARKET, "channel", "campaign", "day"]
    held = active.assign(campaign=active["campaign"].str.casefold())[[*keys, "account", "file"]].drop_duplicates()
    nameless = held.assign(nameless=held["account"] == "").groupby(keys)["nameless"].transform("max")
    held["account"] = held["account"].where(~nameless.astype(bool), "")
    shared = held[held.groupby([*keys, "account"])["file"].transform("nunique") > 1]
    problems = []
    for (channel, campaign), rows in shared.groupby(["channel", "campaign"]):
        files = " and ".join(rows["file"].unique()[:_SHOWN])
        what = f"campaign {str(campaign)[:60]!r} of {channel}" if campaign else str(channel)
        text = f"hold {what} for the same {counted(rows['day'].nunique(), 'day')}, {rows['day'].min():%Y-%m-%d} first."
        remedy = (
            "export days once; where they are two accounts, export the account's column as well; where both are real, "
            "say keep_duplicates: true."
        )
        problems.append(Problem(files, text, remedy=remedy))
    more = len(problems) - _SHOWN
    return [*problems[:_SHOWN], *([Problem("exports", f"share days of {more} more campaigns.")] if more > 0 else [])]

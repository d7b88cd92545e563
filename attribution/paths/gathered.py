"""Paths of an admitted log, in memory or in the engine where the log lies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.errors import BadInput
from attribution.paths.engine_paths import touches_of
from attribution.paths.from_duckdb import Streamed, stream
from attribution.paths.needed import ends_of, needed, span_of
from attribution.paths.path_rules import PathRules
from attribution.paths.paths import Paths
from attribution.paths.totals import remote_totals, summed
from attribution.reading.columns import Cleaning
from attribution.reading.dialects import carried
from attribution.reading.engine import Engine
from attribution.reading.exclusions import bots, require_few_channels, without_remote_bots
from attribution.reading.log_checks import Log
from attribution.reading.named import require_values
from attribution.reading.sources import kept

if TYPE_CHECKING:
    import ibis

__all__ = ["Bought", "Gathered", "in_engine", "in_memory"]


@dataclass(frozen=True)
class Bought:
    """All conversions that count, with a touch or without, and the persons and value behind them."""

    persons: float
    conversions: float
    value: float


@dataclass(frozen=True, eq=False)
class Gathered:
    """Paths and what is behind them; the fields are those of journeys, and all that was bought."""

    channels: tuple[str, ...]
    totals: dict[str, float]
    bought: Bought
    won: Paths | None = None
    lost: Paths | None = None
    remote: ibis.Table | None = None
    categories: dict[str, list[str]] = field(default_factory=dict)
    ends: ibis.Table | None = None


def in_memory(
    touched: Log,
    won: Log,
    lookback: str,
    rules: PathRules,
    cleaning: Cleaning,
    exclusions: dict[str, int],
) -> Gathered:
    """Paths made of a log in the embedded engine, and kept in memory."""
    streamed = _paths_of(touched, won, lookback, rules, cleaning)
    touches, bought = touched, won
    if streamed.repeats:  # alike in what paths need; only rows alike in every column are repeats
        touches = touched.single(cleaning, exclusions)
    if streamed.moments < won.rows:
        bought = won.single(cleaning, exclusions)
    if touches is not touched or bought is not won:
        streamed = _paths_of(touches, bought, lookback, rules, cleaning)
    bought_in_all = Bought(float(streamed.persons), streamed.conversions, streamed.value)
    won_paths, lost = _without_bots(streamed.won, streamed.lost, cleaning, exclusions)
    return Gathered(
        streamed.channels,
        summed(won_paths, lost),
        bought_in_all,
        won_paths,
        lost,
        categories=streamed.categories,
        ends=streamed.ends,
    )


def in_engine(
    touched: Log,
    won: Log,
    lookback: str,
    rules: PathRules,
    cleaning: Cleaning,
    engine: Engine | None,
    exclusions: dict[str, int],
) -> Gathered:
    """Paths that another engine makes and keeps."""
    single, ends = touched.single(cleaning, exclusions), won.single(cleaning, exclusions) if won.rows else won
    bought = ends_of(ends.events, rules)
    touches = needed(single, bought, rules, span_of(touched, won))
    if rules.interactions:
        require_values(rules.interactions, touches, "interaction", touched.name, "interaction")
    counted = touches.group_by("channel").aggregate(touches_of_channel=touches.count()).execute()
    channels = tuple(sorted(counted["channel"]))
    require_few_channels(len(channels), touched.rows, cleaning.most_channels, touched.name)
    remote = kept(touches_of(touches, bought, _ids(channels, counted, touches), lookback, rules), engine)
    remote = without_remote_bots(remote, cleaning, exclusions)
    sums = bought.aggregate(
        persons=bought.user.nunique(), conversions=bought.conversions.sum(), value=bought.value.sum()
    ).execute()
    in_all = Bought(*(float(sums[name].iloc[0] or 0.0) for name in ("persons", "conversions", "value")))
    categories = {name: _values(remote, name) for name in rules.segments}
    return Gathered(channels, remote_totals(remote), in_all, remote=remote, categories=categories)


def _paths_of(touched: Log, won: Log, lookback: str, rules: PathRules, cleaning: Cleaning) -> Streamed:
    span, ends = span_of(touched, won), ends_of(won.events, rules)
    return stream(needed(touched, ends, rules, span), ends, lookback, rules, span, touched.rows, cleaning.most_channels)


def _ids(channels: tuple[str, ...], counted: pd.DataFrame, touches: ibis.Table) -> ibis.Table:
    """Channels, their ids and their places in a moment (the rarest first) as a table beside the touches."""
    import ibis

    often = counted.set_index("channel")["touches_of_channel"].reindex(list(channels))
    place = often.reset_index().sort_values(["touches_of_channel", "channel"]).index.argsort()
    listed = pd.DataFrame({"channel": list(channels), "id": np.arange(len(channels)), "ordinal": place})
    return carried(ibis.memtable(listed), touches.get_backend())


def _values(touches: ibis.Table, segment: str) -> list[str]:
    return sorted(touches.select(segment).distinct().execute()[segment])


def _without_bots(won: Paths, lost: Paths, cleaning: Cleaning, exclusions: dict[str, int]) -> tuple[Paths, Paths]:
    """Paths without those past the limit, or an error that names it."""
    stay, beyond, longest = list[Paths](), 0, 0
    for paths in (won, lost):
        lengths = paths.lengths
        long = lengths > cleaning.longest_path
        beyond += int(np.count_nonzero(long))
        longest = max(longest, int(lengths.max(initial=0)))
        stay.append(paths.take(np.flatnonzero(~long)) if long.any() else paths)
    if beyond and "bots" not in cleaning.drop:
        raise BadInput(bots(beyond, longest, cleaning))
    if beyond:
        exclusions["touchpoints: bots"] = beyond
    return stay[0], stay[1]

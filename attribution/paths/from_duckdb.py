"""From checked events in DuckDB to paths in memory: DuckDB reads, joins and packs, the fold sorts and reads once."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.arrays import Codes
from attribution.errors import BadInput
from attribution.numbers import amount
from attribution.paths.fold import Ends, Grammar, fold
from attribution.paths.partition import ROW, Keep, in_file, in_memory, partition
from attribution.paths.path_rules import PathRules
from attribution.paths.paths import Paths, joined, narrow
from attribution.reading.dialects import user_key
from attribution.reading.exclusions import require_few_channels
from attribution.reading.named import missing_names
from attribution.reading.sources import batches, memory_limit, spill_folder

if TYPE_CHECKING:
    import ibis

__all__ = ["Streamed", "stream"]

_KINDS = 1_000_000  # different touches that are read at most
_SHARE = 0.25  # of the memory limit, for events that wait to be folded


@dataclass(frozen=True, eq=False)
class Streamed:
    """Paths in memory with what their numbers mean.

    Parameters
    ----------
    channels
        Names in alphabetical order; a channel's id is its position.
    won, lost
        Paths that converted and paths that did not.
    repeats
        Exact repeats among the touches.
    conversions, moments, persons
        Number of all conversions, also of those without a touch, of the moments of users at which they fell, and of
        those users.
    categories
        Segment -> its values; a label is a position among them.
    ends
        The conversions in the order in which paths number them.
    value
        Value of all conversions.
    """

    channels: tuple[str, ...]
    won: Paths
    lost: Paths
    repeats: int
    conversions: float
    moments: int
    persons: int
    categories: dict[str, list[str]]
    ends: ibis.Table
    value: float


def stream(
    touched: ibis.Table,
    ends: ibis.Table,
    lookback: str,
    rules: PathRules,
    span: tuple[int, int],
    rows: int,
    most_channels: int | None = None,
) -> Streamed:
    """Paths of a log in DuckDB.

    Parameters
    ----------
    touched
        ``user``, ``time``, ``channel``, perhaps ``interaction`` and ``sequence``, and the segments.
    ends
        ``user``, ``time``, ``conversions``, ``value``, ``closes``: one row per user and time.
    lookback, rules
        What makes a path.
    span
        Earliest and latest time of all events.
    rows
        About how many touches there are.
    most_channels
        See :class:`attribution.Cleaning`.
    """
    kinds = ["channel", *(name for name in touched.columns if name not in {"user", "time", "channel", "sequence"})]
    touched = touched.mutate(**{name: touched[name].cast("string").fill_null("") for name in kinds[1:]})
    codes = _codes(touched, kinds)
    channel, channels = pd.factorize(codes["channel"], sort=True)
    require_few_channels(len(channels), rows, most_channels, "touchpoints")
    interaction = codes["interaction"] if "interaction" in kinds else pd.Series("", codes.index, dtype=object)
    if missing := list(missing_names(rules.interactions, set(interaction), "touchpoints", None, "interaction")):
        raise BadInput(missing)
    within = int(touched.sequence.max().execute()).bit_length() if rules.sequence else 0
    bits = (len(codes) + 1).bit_length()
    if len(codes) == _KINDS or (span[1] - span[0] + 1) << (bits + within) >= 2**63:
        raise BadInput(f"{amount(len(codes))} different kinds of touch are too many; group the channels first.")
    grammar = Grammar(
        channel=channel.astype(np.int64),
        window=np.array([rules.window(lookback, kind) for kind in interaction]),
        gap=rules.gap(lookback),
        bits=bits,
        epoch=span[0],
        within=within,
        rank=np.array(list(map(rules.rank, codes["channel"], interaction))) if rules.ranked else None,
        weight=np.array([rules.weight(kind) for kind in interaction]) if rules.weight_of else None,
    )
    keyed = ends.mutate(key=user_key(ends.user)).order_by(["key", "time"])
    converted = _ends(keyed)
    with _room(touched, rows) as keep:
        folded = fold(partition(batches(_events(touched, codes, grammar)), keep), converted, grammar)
    won, lost = (joined([getattr(part, name) for part in folded]) for name in ("won", "lost"))
    categories, labels = _categories(codes.drop(columns=["channel", "interaction"], errors="ignore"))
    return Streamed(
        channels=tuple(str(name) for name in channels),
        won=_labelled(won, labels),
        lost=_labelled(lost, labels),
        repeats=sum(part.repeats for part in folded),
        conversions=float(converted.conversions.sum()),
        moments=len(converted.user),
        persons=int(np.count_nonzero(np.diff(converted.user))) + min(1, len(converted.user)),
        categories=categories,
        ends=keyed,
        value=float(converted.value.sum()),
    )


def _codes(touched: ibis.Table, kinds: list[str]) -> pd.DataFrame:
    """Kinds of touch in the order of rows of one moment: by how often the channel comes, whatever its name."""
    counted = touched.group_by(kinds).aggregate(touches_of_kind=touched.count()).limit(_KINDS).execute()
    often = counted.groupby("channel")["touches_of_kind"].transform("sum")
    ordered = counted.assign(often=often).sort_values(["often", *kinds], ignore_index=True)
    return pd.DataFrame(ordered[kinds])


def _room(touched: ibis.Table, rows: int) -> AbstractContextManager[Keep]:
    """In memory, or in a file where the memory limit says so."""
    return in_memory() if rows * ROW <= _SHARE * memory_limit(touched) else in_file(spill_folder(touched))


def _ends(keyed: ibis.Table) -> Ends:
    columns = list(zip(*batches(keyed.select("key", "time", "conversions", "value", "closes")), strict=True))
    user, time, conversions, value, closes = (np.concatenate(column) for column in columns or [[np.zeros(0)]] * 5)
    counted = conversions.astype(float), value.astype(float)
    return Ends(user.astype(np.uint64), time.astype(np.int64), *counted, closes.astype(bool))


def _events(touched: ibis.Table, codes: pd.DataFrame, grammar: Grammar) -> ibis.Table:
    """User key and packed event of each touch."""
    import ibis

    coded = touched.join(ibis.memtable(codes.assign(code=np.arange(len(codes)))), list(codes.columns))
    moment = (coded.time - grammar.epoch) * (1 << grammar.within)
    moment = moment + coded.sequence if grammar.within else moment
    return coded.select(key=user_key(coded.user), event=moment * (1 << grammar.bits) + coded.code)


def _categories(kinds: pd.DataFrame) -> tuple[dict[str, list[str]], dict[str, Codes]]:
    """Segment -> its values, and the position of each kind of touch among them."""
    categories, labels = {}, {}
    for name in kinds.columns:
        label, values = pd.factorize(kinds[name].replace("", "(none)"), sort=True)
        categories[name], labels[name] = [str(value) for value in values], label.astype(narrow(len(values)))
    return categories, labels


def _labelled(paths: Paths, labels: dict[str, Codes]) -> Paths:
    """Each path under the segments of its first touch."""
    kind = paths.labels["kind"]
    own = {name: label[kind] for name, label in labels.items()}
    return paths.relabelled({"bucket": paths.labels["bucket"], **own})

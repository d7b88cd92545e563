"""From checked events in DuckDB to paths in memory: DuckDB joins, packs and sorts, the fold reads once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.errors import BadInput
from attribution.fold import Ends, Folded, Grammar, fold
from attribution.paths import Paths, narrow
from attribution.sessions import PathRules
from attribution.sources import batches, user_key

if TYPE_CHECKING:
    import ibis

__all__ = ["Streamed", "stream"]


@dataclass(frozen=True, eq=False)
class Streamed:
    """Paths in memory with what their numbers mean.

    Parameters
    ----------
    won, lost
        Paths that converted and paths that did not.
    repeats
        Exact repeats among the touches.
    categories
        Segment -> its values; a label is a position among them.
    ends
        The conversions in the order in which paths number them.
    """

    won: Paths
    lost: Paths
    repeats: int
    categories: dict[str, list[str]]
    ends: ibis.Table


def stream(
    touched: ibis.Table,
    ends: ibis.Table,
    channels: Sequence[str],
    lookback: str,
    rules: PathRules,
    span: tuple[int, int],
) -> Streamed:
    """Paths of a log in DuckDB.

    Parameters
    ----------
    touched
        ``user``, ``time``, ``channel``, perhaps ``interaction``, and the segments.
    ends
        ``user``, ``time``, ``conversions``, ``value``: one row per user and time.
    channels
        All names, sorted.
    lookback, rules
        What makes a path.
    span
        Earliest and latest time of all events.
    """
    kinds = ["channel", *(name for name in touched.columns if name not in {"user", "time", "channel"})]
    touched = touched.mutate(**{name: touched[name].cast("string").fill_null("") for name in kinds[1:]})
    codes = touched.select(kinds).distinct().execute()
    codes = codes.assign(
        channel=codes["channel"].map({name: i for i, name in enumerate(channels)}), name=codes["channel"]
    )
    codes = codes.sort_values(kinds, ignore_index=True)
    interaction = codes["interaction"] if "interaction" in kinds else pd.Series(None, codes.index, dtype=object)
    bits = len(codes).bit_length()
    if (span[1] - span[0]) << bits >= 2**63:
        raise BadInput(f"{len(codes):,} different kinds of touch are too many; group the channels first.")
    grammar = Grammar(
        channel=codes["channel"].to_numpy(dtype=np.int64),
        window=np.array([rules.window(lookback, None if pd.isna(kind) else str(kind)) for kind in interaction]),
        gap=rules.gap(lookback),
        bits=bits,
        epoch=span[0],
    )
    keyed = ends.mutate(key=user_key(ends.user))
    columns = list(batches(keyed.select("key", "time", "conversions", "value").order_by(["key", "time"])))
    amounts = (
        [np.concatenate([part[i] for part in columns]).astype(float) for i in (2, 3)] if columns else [np.zeros(0)] * 2
    )
    folded = fold(batches(_events(touched, ends, kinds, codes, grammar)), grammar, Ends(*amounts))
    return _labelled(folded, keyed.order_by(["key", "time"]), codes.drop(columns=["channel", "name"], errors="ignore"))


def _events(
    touched: ibis.Table, ends: ibis.Table, kinds: Sequence[str], codes: pd.DataFrame, grammar: Grammar
) -> ibis.Table:
    """User key and packed event, sorted."""
    import ibis

    listed = codes.drop(columns="channel").rename(columns={"name": "channel"})[list(kinds)]
    listed = listed.assign(code=np.arange(len(codes)))
    backend = touched.get_backend()
    book = backend.create_table(ibis.util.gen_name("codes"), ibis.memtable(listed), temp=True)
    coded = touched.join(book, list(kinds))
    scale = 1 << grammar.bits

    def packed(table: ibis.Table, code: ibis.Value) -> ibis.Table:
        return table.select(key=user_key(table.user), event=(table.time - grammar.epoch) * scale + code)

    touches = packed(coded, coded.code)
    return ibis.union(touches, packed(ends, ibis.literal(grammar.conversion, "int64")), distinct=False).order_by(
        ["key", "event"]
    )


def _labelled(folded: Folded, ends: ibis.Table, kinds: pd.DataFrame) -> Streamed:
    """The segments of each path, from its first touch."""
    categories, labels = {}, {}
    for name in kinds.columns.drop("interaction", errors="ignore"):
        label, values = pd.factorize(kinds[name].replace("", "(none)"), sort=True)
        categories[name], labels[name] = [str(value) for value in values], label.astype(narrow(len(values)))

    def told(paths: Paths) -> Paths:
        kind = paths.labels["kind"]
        own = {name: label[kind] for name, label in labels.items()}
        return paths.relabelled({"bucket": paths.labels["bucket"], **own})

    return Streamed(told(folded.won), told(folded.lost), folded.repeats, categories, ends)

"""One order of channels in all that a run shows: by planned spend, the largest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import pandas as pd

from optimizer.planning.stages.result import ChannelRow, Run

__all__ = ["Order", "by_spend", "largest", "order_of"]

Thing = TypeVar("Thing")
_DIGITS = 9  # of all spend


@dataclass(frozen=True)
class Order:
    """Channels in the order in which a run shows them.

    Parameters
    ----------
    names
        Channels of the plan, and where it is of several markets its cells too; what else a table names comes behind
        them, in the table's own order.
    """

    names: tuple[str, ...]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in reversed(list(enumerate(self.names)))}  # a new channel is a cell too

    def place(self, name: object) -> int:
        """Where a channel stands."""
        return self._places.get(str(name), len(self.names))

    def of(self, things: Iterable[Thing], name: Callable[[Thing], object] = str) -> list[Thing]:
        """Things in the order of the channels that they are of."""
        return sorted(things, key=lambda thing: self.place(name(thing)))

    def frame(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A table with its column ``channel`` in order, within rows that are alike in the columns before it."""
        if "channel" not in frame:
            return frame
        before = list(frame)[: list(frame).index("channel")]
        alike = frame[before].astype(str).ne(frame[before].astype(str).shift()).any(axis=1).cumsum().to_numpy()
        places = frame["channel"].map(self.place).to_numpy()
        by = pd.DataFrame({"alike": alike, "place": places}).sort_values(["alike", "place"], kind="stable").index
        return frame.iloc[by]

    def columns(self, frame: pd.DataFrame, prefix: str) -> pd.DataFrame:
        """A table whose columns of channels, which begin with ``prefix``, are in order among themselves."""
        own = [str(name) for name in frame if str(name).startswith(prefix)]
        ordered = iter(self.of(own, lambda name: str(name).removeprefix(prefix)))
        return frame[[next(ordered) if name in own else name for name in frame]]


def order_of(run: Run) -> Order:
    """The order of a run's channels; none of its own where it has no plan.

    Parameters
    ----------
    run
        A finished run, or one up to its plan.
    """
    if run.plan is None:
        return Order(())
    cells, markets = run.plan.rows, run.inputs.markets
    if markets is None or not markets.several:
        return Order(tuple(row.channel for row in cells))
    owners = [markets.cells[row.channel][0] if row.channel in markets.cells else row.channel for row in cells]
    spend = pd.DataFrame({"planned": [row.planned for row in cells], "now": [row.now for row in cells]})
    return Order((*(row.channel for row in cells), *by_spend(spend.groupby(owners).sum())))


def by_spend(spend: pd.DataFrame) -> tuple[str, ...]:
    """Channels by planned spend, then by today's, then by name; what rounding decides counts as equal.

    Parameters
    ----------
    spend
        Channels x ``planned`` and ``now``, currency over the horizon.
    """
    shares = (spend / max(float(spend.to_numpy().sum()), 1e-300)).round(_DIGITS).sort_index()
    return tuple(map(str, shares.sort_values(["planned", "now"], ascending=False, kind="stable").index))


def largest(rows: Sequence[ChannelRow], most: int) -> tuple[ChannelRow, ...]:
    """The rows with most money, now or in the plan, in their order: one that is cut to nothing is among them."""
    ranked = sorted(rows, key=lambda row: -max(row.now, row.planned))[:most]
    return tuple(row for row in rows if row in ranked)

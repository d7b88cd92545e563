"""The reading of touches as expressions that an engine runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from attribution.arrays import Array
from attribution.paths.touches import Touches
from attribution.reading.dialects import in_doubles

if TYPE_CHECKING:
    import ibis

__all__ = ["IbisTouches", "cases"]

PATH = ("user", "part", "expired")


class IbisTouches(Touches):
    """Touches as a table of an engine, with the columns of :func:`attribution.paths.engine_paths.touches_of`."""

    def __init__(self, table: ibis.Table) -> None:
        self._table, self._given = table, table.columns
        for name in ("channel", "length", "tied", "age", "conversions", "nulls", "value", "bucket"):
            setattr(self, name, table[name])
        self.step = table.place + (table.tied - 1) / 2.0
        self.is_first, self.is_last = table.place == 0, table.place + table.tied == table.length
        self.opens, self.closes = table.step == 0, table.step == table.length - 1
        self.weight = table.weight if "weight" in table.columns else None

    def _path(self, order: str | None = None) -> Any:
        import ibis

        return ibis.window(group_by=list(PATH), order_by=order)

    def _bound(self, x: Any) -> Any:
        """The expression as a column of a subquery, since engines do not nest windows."""
        name = f"bound_{len(self._table.columns)}"
        self._table = self._table.mutate(**{name: x})
        return self._table[name]

    def choose(self, condition: Any, yes: Any, no: Any) -> Any:
        """See :meth:`Touches.choose`."""
        import ibis

        return ibis.ifelse(condition, yes, no)

    def exp(self, x: Any) -> Any:
        """See :meth:`Touches.exp`."""
        return x.exp()

    def log(self, x: Any) -> Any:
        """See :meth:`Touches.log`."""
        return x.ln()

    def whole(self, x: Any) -> Any:
        """See :meth:`Touches.whole`."""
        return x.floor().cast("int64")

    def path_max(self, x: Any) -> Any:
        """See :meth:`Touches.path_max`."""
        return self._bound(x).max().over(self._path())

    def path_min(self, x: Any) -> Any:
        """See :meth:`Touches.path_min`."""
        return self._bound(x).min().over(self._path())

    def path_sum(self, x: Any) -> Any:
        """See :meth:`Touches.path_sum`."""
        return self._bound(x).sum().over(self._path())

    def bit(self, channel: Any) -> Any:
        """See :meth:`Touches.bit`."""
        import ibis

        return ibis.ifelse(channel < 0, 0, 1).cast("int64") << channel.cast("int32")

    def of_channel(self, values: Sequence[float] | Array) -> Any:
        """See :meth:`Touches.of_channel`."""
        return self.channel.cases(*enumerate(map(float, values)), else_=0.0)

    def bracket(self, x: Any, edges: Sequence[int]) -> Any:
        """See :meth:`Touches.bracket`."""
        return cases(x, edges, range(len(edges) + 1))

    def moment(self) -> Any:
        """See :meth:`Touches.moment`."""
        return self._table.time

    def past(self, lag: int) -> Any:
        """See :meth:`Touches.past`."""
        return (self.channel.lag(lag).over(self._path("step")) + 1).fill_null(0)

    def newcomer(self) -> Any:
        """See :meth:`Touches.newcomer`."""
        import ibis

        earlier = ibis.row_number().over(ibis.window(group_by=[*PATH, "channel"], order_by="step"))
        return self._bound(ibis.ifelse(self._bound(earlier) == 0, 1, 0))

    def newcomers_so_far(self) -> Any:
        """See :meth:`Touches.newcomers_so_far`."""
        import ibis

        running = ibis.window(group_by=list(PATH), order_by="step", preceding=None, following=0)
        return self.newcomer().sum().over(running)

    @property
    def began(self) -> Any:
        """Microseconds since 1970 of the path's first touch."""
        return self.path_min(self._table.time)

    @property
    def ended(self) -> Any:
        """Microseconds since 1970 of the path's conversion or last touch."""
        return self._table.ended

    def with_columns(self, **columns: Any) -> ibis.Table:
        """The table with further columns, in double precision."""
        given = [name for name in self._given if name not in columns]
        return in_doubles(self._table.mutate(**columns).select(*given, *columns))

    def keep(self, condition: Any) -> ibis.Table:
        """The table without the touches that fail a condition, its paths numbered again from 0."""
        import ibis

        table = self.with_columns(kept=condition)
        table = table.filter(table.kept).drop("kept")
        order = ibis.window(group_by=list(PATH), order_by="step")
        moment = ibis.window(group_by=[*PATH, "place"])
        step, length = ibis.row_number().over(order), table.count().over(ibis.window(group_by=list(PATH)))
        table = table.mutate(step=step, length=length, tied=table.count().over(moment))
        return table.mutate(place=table.step.min().over(moment))

    def in_orders(self) -> Iterator[IbisTouches]:
        """See :meth:`Touches.in_orders`."""
        import ibis

        number = ibis.dense_rank().over(ibis.window(group_by=list(PATH), order_by="place"))
        table = self._table.mutate(**{name: self._table[name] * 0.25 for name in ("conversions", "nulls", "value")})
        table = table.mutate(odd=number % 2 == 1)
        turned = 2 * table.place + table.tied - 1 - table.step
        orders = (table.step, turned, table.odd.ifelse(turned, table.step), table.odd.ifelse(table.step, turned))
        copies = [  # an engine may count rows in 32 bits
            table.mutate(step=step.cast("int64"), part=(table.part * 4 + copy).cast("int64")).drop("odd")
            for copy, step in enumerate(orders)
        ]
        yield IbisTouches(ibis.union(*copies, distinct=False))

    def group(
        self, by: Sequence[str], items: Mapping[str, Any], sums: Mapping[str, Any], where: Any = None
    ) -> pd.DataFrame:
        """See :meth:`Touches.group`."""
        frame = self.grouped(by, items, sums, where).execute()
        return pd.DataFrame(frame.rename(columns={f"item_{name}": name for name in items}))

    def grouped(self, by: Sequence[str], items: Mapping[str, Any], sums: Mapping[str, Any], where: Any) -> ibis.Table:
        """The expression behind :meth:`group`; items have the prefix ``item_``."""
        import ibis

        columns = {f"sum_{name}": column for name, column in sums.items()}
        columns |= {f"item_{name}": column for name, column in items.items()}
        columns["kept"] = True if where is None else where
        table = self._table.mutate(
            **{name: x if isinstance(x, ibis.Value) else ibis.literal(x) for name, x in columns.items()}
        )
        table = table if where is None else table.filter(table.kept)
        grouped = table.group_by([*by, *(f"item_{name}" for name in items)])
        return in_doubles(grouped.aggregate(**{name: table[f"sum_{name}"].sum() for name in sums}))


def cases(x: Any, edges: Sequence[int], values: Iterable[object]) -> Any:
    """The first value below the first edge, the next from there to the next edge, and so on to past the last."""
    import ibis

    *below, last = values
    if not edges:
        return ibis.literal(last)
    return ibis.cases(*((x < edge, value) for edge, value in zip(edges, below, strict=True)), else_=last)

"""New customers of the weekly table, counted by the value of the segments of those who first ordered in each period."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from attribution.economics import CustomerOrders, CustomerSegments, customer_segments
from attribution.errors import BadInput, Problem
from attribution.numbers import counted, percent
from mmm import Panel
from optimizer.planning.file.keys.economics import OrdersTable
from optimizer.planning.inputs.reading import Reading, unit_of

__all__ = ["in_average_customers", "segments_of"]


def segments_of(orders: CustomerOrders, table: OrdersTable) -> CustomerSegments | None:
    """Segments of the customers of a table of orders; None where the plan file does not ask for them.

    Raises
    ------
    BadInput
        Orders of too short a time, or segments worth less than nothing, in words of the table.
    """
    if table.by_value is None:
        return None
    try:
        return customer_segments(orders.by_day(), table.by_value.window, table.by_value.quantiles)
    except BadInput as error:
        money = table.margin or table.value
        raise BadInput(
            [
                replace(problem, table=table.path.name, column=money if problem.column == "value" else problem.column)
                for problem in error.problems
                if isinstance(problem, Problem)
            ]
        ) from None


def in_average_customers(reading: Reading, table: OrdersTable, panel: Panel, segments: CustomerSegments) -> Panel:
    """The panel with its KPI in customers of average value; how it was made is noted.

    Raises
    ------
    BadInput
        Where nobody first ordered in the panel's periods.
    """
    people, ends = segments.people, panel.dates[-1] + pd.Timedelta(days=panel.days)
    period = np.searchsorted(panel.dates.to_numpy(), people["first"].to_numpy(), side="right") - 1
    inside = (period >= 0) & (people["first"] < ends).to_numpy()
    if not inside.any():
        text = f"holds nobody who first ordered from {panel.dates[0]:%Y-%m-%d} on, before {ends:%Y-%m-%d}."
        raise BadInput(Problem(table.path.name, text, table.date, remedy="give orders of the weeks of data.weekly."))
    weight = people["weight"].to_numpy()[inside]
    by_period = pd.Series(weight).groupby(period[inside]).mean()
    text = f"{table.path.name}: {segments.said} It holds {percent(inside.sum() / panel.kpi.sum())} of {panel.kpi_name}"
    lacking = panel.periods - len(by_period)
    text += f"; {counted(lacking, unit_of(panel))} without a first order count as they are." if lacking else "."
    reading.assumptions.append(text)
    return replace(panel, kpi=panel.kpi * by_period.reindex(range(panel.periods)).fillna(1.0).to_numpy())

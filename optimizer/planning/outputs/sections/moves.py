"""The plan itself: what moves where, the totals, and what the limits cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from attribution import plots as paths
from attribution.estimates import Estimate
from attribution.numbers import change, count
from optimizer import plots as plan
from optimizer.answer.evaluation import Evaluation
from optimizer.planning.file.markets import Markets
from optimizer.planning.outputs.against_today import signed
from optimizer.planning.outputs.sections.section import Figure, Section, Table, by_rows
from optimizer.planning.stages.optimize import AROUND
from optimizer.planning.stages.order import order_of
from optimizer.planning.stages.result import ChannelRow, PlanResult, Run, blended_cac, paid_cac
from optimizer.question.objectives import BlendedCAC, Profit
from optimizer.question.outcomes import new_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MOVES", "plan_frame"]


def _view(run: Run) -> dict[str, Any] | None:
    if run.plan is None:
        return None
    return {
        "moves": [_move(row) for row in run.plan.rows],
        "totals": _totals(run.plan),
        "budgets": _budgets(run.plan),
        "prices": run.plan.explanations[1:],
        "held": [one.sentence for one in run.plan.held],
    }


def _move(row: ChannelRow) -> dict[str, Any]:
    return {**vars(row), "change": change(row.now, row.planned), "tone": row.direction}


def _budgets(result: PlanResult) -> list[dict[str, Any]]:
    """What a tenth less and a tenth more money would bring within the limits."""
    planned, table = float(result.planned.spend.sum()), result.frontier
    asked = {} if table.empty else {part: table[np.isclose(table["budget"], part * planned)] for part in AROUND}
    rows = [(part, found.iloc[0]) for part, found in asked.items() if len(found)]
    if len(rows) < 2 or not len(asked[1.0]):
        return []
    own = float(asked[1.0]["customers"].iloc[0])
    return [
        {
            "budget": "as planned" if part == 1 else change(1.0, part),
            "customers": float(row["customers"]),
            "more": signed(count)(float(row["customers"]) - own),
            **{name: float(row[name]) for name in ("spend", "blended_cac", "marginal_cac")},
        }
        for part, row in rows
    ]


def _totals(result: PlanResult) -> list[dict[str, Any]]:
    now, planned = result.now, result.planned
    spend = {"now": float(now.spend.sum()), "planned": float(planned.spend.sum())}
    paid = Estimate.of(planned.paid.to_numpy().sum(axis=1))
    fixed = {"now": now.fixed_cost, "planned": planned.fixed_cost}
    everything = {name: value + fixed[name] for name, value in spend.items()}
    rows: list[dict[str, Any]] = [
        {"label": "All channels (paid CAC)", **spend, "customers": paid, "cac": paid_cac(planned)},
        {"label": "Fixed cost and fees" if result.plan.fees else "Fixed cost", **fixed, "customers": None, "cac": None},
        {"label": "Organic", **dict.fromkeys(spend, 0.0), "customers": Estimate.of(planned.organic), "cac": None},
        {
            "label": "Everything (blended CAC)",
            **everything,
            "customers": Estimate.of(planned.customers),
            "cac": blended_cac(planned),
        },
    ]
    return [{**row, "change": change(row["now"], row["planned"]) if row["cac"] else ""} for row in rows]


def _figures(run: Run) -> Iterator[Figure]:
    result, currency = run.plan, run.config.currency
    if result is None:
        return
    now, planned = result.now, result.planned
    order = [row.channel for row in result.rows]
    axes = by_rows(plan.moves, len(order))(now, planned, currency=currency, order=order)
    yield Figure("moves", "Spend now and planned by channel.", axes)
    if len(result.frontier) > 1:
        caption, axes = _frontier(run, result)
        yield Figure("frontier", caption, axes)


def _frontier(run: Run, result: PlanResult) -> tuple[str, Axes]:
    """The best that each budget gets in the plan's own aim, customers where that is the spend itself."""
    currency, objective, table = run.config.currency, result.plan.objective, result.frontier
    name, figure, scores = new_of(run.config.outcome), "customers", [e.expected_customers for e in _sides(result)]
    one_price = not result.plan.fees  # with fees, or values by channel, most customers are not the best of another aim
    value = objective.value_per_customer if isinstance(objective, Profit) and one_price else None
    if (isinstance(objective, BlendedCAC) and one_price) or isinstance(value, float):
        name, figure, scores = result.aim.name, "blended_cac", [result.aim.expected(each) for each in _sides(result)]
    if isinstance(objective, Profit) and isinstance(value, float):
        table = table.assign(profit=(value - table["blended_cac"]) * table["customers"])
        figure = "profit"
    now, planned = zip([float(each.spend.sum()) for each in _sides(result)], scores, strict=True)
    label = name if figure == "customers" else f"{name}, {currency}"
    canvas = paths.canvas(9.8, 3.2)
    axes = plan.frontier(table, canvas, now=now, planned=planned, currency=currency, figure=figure, label=label)
    best, side = ("Lowest", "above") if figure == "blended_cac" else ("Most", "below")
    return f"{best} {name} at each budget within the limits; today {side} the line means money could move.", axes


def _sides(result: PlanResult) -> tuple[Evaluation, Evaluation]:
    return result.now, result.planned


def _tables(run: Run) -> Iterator[Table]:
    if run.plan is not None and run.worth is not None:
        frame = plan_frame(run.plan)
        yield Table("plan.csv", _with_markets(frame, run.inputs.markets) if run.by_market else frame)
        if len(run.plan.frontier):
            yield Table("frontier.csv", order_of(run).columns(run.plan.frontier, "spend:"))


def plan_frame(result: PlanResult) -> pd.DataFrame:
    """One row per channel: spend in currency over the horizon, customers, CAC and marginal CAC with 90 % intervals."""
    rows = [
        {
            "channel": row.channel,
            "spend_now": row.now,
            "spend_planned": row.planned,
            "change": row.planned - row.now,
            "change_share": row.planned / row.now - 1 if row.now else np.nan,
            **row.customers_now.flat("customers_now"),
            **row.customers.flat("customers_planned"),
            **row.cac_now.flat("cac_now"),
            **row.cac.flat("cac_planned"),
            **row.marginal_cac.flat("marginal_cac_planned"),
            "binding_limit": row.limit,
        }
        for row in result.rows
    ]
    return pd.DataFrame(rows)


def _with_markets(frame: pd.DataFrame, markets: Markets | None) -> pd.DataFrame:
    """The plan's rows by market and channel; a new channel of the one market there is has no cell."""
    if markets is None:
        return frame
    cells = [markets.cells.get(cell, (cell, markets.names[0])) for cell in frame["channel"]]
    frame = frame.assign(channel=[channel for channel, _ in cells])
    frame.insert(0, "market", [market for _, market in cells])
    return frame


MOVES = Section("moves", "The plan", _view, _figures, _tables)

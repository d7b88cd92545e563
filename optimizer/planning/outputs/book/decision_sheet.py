"""The sheet that opens first: the decision, what it moves, brings and promises, and what could make it wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from attribution.estimates import Estimate
from optimizer.answer.worth import Worth
from optimizer.planning.outputs.against_today import chance, name_of
from optimizer.planning.outputs.book.charts import bars
from optimizer.planning.outputs.book.formats import FACTOR, TEXT, counts, figures, money, settled, signed
from optimizer.planning.outputs.book.ranges import ends, moved, spend_columns
from optimizer.planning.outputs.book.sheet import Book, Cells, Column, Sheet
from optimizer.planning.outputs.report import subtitle
from optimizer.planning.outputs.sections.decision import DECISION, Decision
from optimizer.planning.stages.from_today import FEES, FromToday, from_today
from optimizer.planning.stages.order import largest
from optimizer.planning.stages.result import ChannelRow, PlanResult, Run, blended_cac, paid_cac
from optimizer.question.limits import labels
from optimizer.question.outcomes import new_of

__all__ = ["decision_sheet"]

_LONG = 10  # rows past which charts go on the next page
_SHOWN = 15  # channels; the sheet of all channels has the others
_WIDTHS = (27, 14, 13, 13, 11, 13, 11, 11, 14, 14, 20)


def decision_sheet(book: Book, run: Run, plan: PlanResult, worth: Worth) -> None:
    """Write the sheet."""
    sheet, way = book.sheet("Decision", _WIDTHS), from_today(plan)
    view = DECISION.view(run)
    decision: Decision = (view or {})["decision"]
    sheet.title(run.config.name)
    sheet.sentence(subtitle(run), soft=True)
    sheet.sentence(decision.headline, size=13, bold=True)
    for text in decision.summary:
        sheet.sentence(text)
    sheet.heading("What moves where, and what that brings")
    table = _moves(sheet, run, plan, way)
    _charts(sheet, run, plan, table)
    _against_today(sheet, run, worth)
    _promises(sheet, worth)
    _doubts(sheet, decision)
    sheet.sentence(_definitions(run, way), size=9, soft=True)


def _moves(sheet: Sheet, run: Run, plan: PlanResult, way: FromToday) -> Cells:
    currency, outcome = run.config.currency, run.config.outcome
    unit = plan.aim.unit(currency).strip() or outcome if way.in_aim else outcome
    adds = f"Adds {plan.aim.name}, {unit}" if way.in_aim and unit != outcome else f"Adds {outcome}"
    steps = {step.name: step.change for step in way.steps}
    rows = largest(plan.rows, _SHOWN)
    others = tuple(row for row in plan.rows if row not in rows)
    amounts = [value for row in plan.rows for value in (row.now, row.planned)]
    changes = [value for step in way.steps for value in vars(step.change).values()]
    spend, change = money(amounts), signed(counts(changes) if unit == outcome else money(changes))
    costs = figures(cost.point for row in plan.rows for cost in (row.cac, row.marginal_cac) if row.planned)
    columns = [
        Column("Channel"),
        *spend_columns(currency, spend),
        Column(adds, change),
        Column("from (90 %)", change),
        Column("to (90 %)", change),
        Column(f"CAC planned, {currency}", costs),
        Column(f"Marginal CAC planned, {currency}", costs),
        Column("Limit it stands at", TEXT),
    ]
    body = [_row(row, steps[row.channel]) for row in rows]
    if others:
        body.append(_others(others, steps))
    return sheet.table(columns, body, _totals(plan, way))


def _row(row: ChannelRow, step: Estimate) -> list[Any]:
    marginal = row.marginal_cac.point if row.planned else np.nan
    return [
        row.channel,
        *moved(row.now, row.planned),
        *ends(step),
        row.cac.point,
        marginal,
        row.limit or None,
    ]


def _others(rows: tuple[ChannelRow, ...], steps: dict[str, Estimate]) -> list[Any]:
    now, planned = sum(row.now for row in rows), sum(row.planned for row in rows)
    adds = sum(steps[row.channel].point for row in rows)
    told = f"{len(rows)} others, on the sheet Channels"
    return [told, *moved(now, planned), adds, None, None, None, None, None]


def _totals(plan: PlanResult, way: FromToday) -> Iterator[list[Any]]:
    now, planned = float(plan.now.spend.sum()), float(plan.planned.spend.sum())
    fixed = plan.now.fixed_cost, plan.planned.fixed_cost
    whole = now + fixed[0], planned + fixed[1]
    fees = sum(step.change.point for step in way.steps if step.name == FEES)
    brought = _settled(way.end - way.start - fees, way.start)
    yield _total("All channels (paid CAC)", now, planned, brought, paid_cac(plan.planned).point)
    yield _total("Fixed cost and fees" if plan.plan.fees else "Fixed cost", *fixed, fees or None, None)
    yield _total(
        "Everything (blended CAC)", *whole, _settled(way.end - way.start, way.start), blended_cac(plan.planned).point
    )


def _settled(difference: float, of: float) -> float:
    """A difference, 0 where it is of rounding: a cell would show it as less than nothing."""
    return difference if abs(difference) > 1e-5 * abs(of) else 0.0


def _total(name: str, now: float, planned: float, adds: float | None, cac: float | None) -> list[Any]:
    return [name, *moved(now, planned), adds, None, None, cac, None, None]


def _charts(sheet: Sheet, run: Run, plan: PlanResult, table: Cells) -> None:
    """Two charts side by side below the table, with as many free rows as they need."""
    most, told = "", table
    if len(plan.rows) > _SHOWN:
        most, told = f", the {_SHOWN} channels with most", Cells(table.head, table.first, table.first + _SHOWN - 1)
    currency = f"{run.config.currency}{most}"
    if table.last - table.first >= _LONG:
        sheet.page()
    form = money([value for row in plan.rows for value in (row.now, row.planned)])
    rows = [
        bars(sheet, (1, 5), f"Spend now and planned, {currency}", told, 1, [2, 3], form),
        bars(sheet, (6, len(_WIDTHS)), f"Change of spend, {currency}", told, 1, [4], form),
    ]
    sheet.row += max(rows) + 1
    if table.last - table.first < _LONG:
        sheet.page()


def _against_today(sheet: Sheet, run: Run, worth: Worth) -> None:
    currency, outcome = run.config.currency, run.config.outcome
    sheet.heading("Against today's spend going on")
    columns = [
        Column("Over the horizon"),
        *(Column(name, "#,##0.00") for name in ("Today", "Plan", "Difference", "from (90 %)", "to (90 %)")),
        Column("Plan is better", FACTOR),
    ]
    first = sheet.row + 1
    rows = []
    for one in worth.figures:
        unit = "" if one.name == "customers" else f", {currency}"
        name = name_of(one.name, new_of(outcome))
        title = f"{name[:1].upper()}{name[1:]}{unit}{' (the aim)' if one.name == worth.aim.name else ''}"
        change = one.change
        better = None if one.name == "spend" else chance(one.probability_better)
        rows.append([title, one.before.point, one.after.point, change.point, change.low, change.high, better])
    shown, corrected = list(worth.figures), run.worth.corrected if run.worth is not None else None
    if corrected is not None:
        change, better = corrected.change, chance(corrected.probability_better)
        rows.append(["The aim, corrected by experience", None, None, change.point, change.low, change.high, better])
        shown.append(replace(worth.aim, change=change))
    sheet.table(columns, rows)
    for number, one in enumerate(shown):
        write = counts if one.name == "customers" else figures
        form, moving = write([one.before.point, one.after.point]), signed(write(vars(one.change).values()))
        for column in range(2, 7):
            cell = sheet.cells.cell(first + number, column)
            cell.number_format = form if column < 4 else moving
            if isinstance(cell.value, float):
                cell.value = settled(cell.value, cell.number_format)


def _promises(sheet: Sheet, worth: Worth) -> None:
    if not worth.promises:
        return
    sheet.heading("Promises, and how likely each is kept")
    names = labels([one.promise for one in worth.promises])
    rows = [[name, chance(one.plan), chance(one.today)] for name, one in zip(names, worth.promises, strict=True)]
    sheet.table([Column("Promise"), Column("By the plan", FACTOR), Column("By today's spend", FACTOR)], rows)


def _doubts(sheet: Sheet, decision: Decision) -> None:
    if decision.doubts:
        sheet.heading("What could make it wrong")
        for number, text in enumerate(decision.doubts, start=1):
            sheet.sentence(f"{number}. {text}")
    sheet.row += 1


def _definitions(run: Run, way: FromToday) -> str:
    told = (
        "90 %: the model holds that the figure lies in between with probability 90 %, given its assumptions. CAC is a "
        f"channel's spend over the {run.config.outcome} it adds; marginal CAC is what its next one costs. Blended CAC "
        f"is all spend and the fixed cost over all {new_of(run.config.outcome)}, organic ones included."
    )
    if not way.in_aim:
        told += f" Adds: {run.config.outcome} of the channel's planned spend less those of today's."
    return told

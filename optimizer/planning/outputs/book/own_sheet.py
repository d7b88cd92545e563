"""The sheet that computes: a reader's own spend by channel, and the customers and blended CAC that it would bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from attribution.numbers import count, plain
from optimizer.planning.outputs.book.curves_sheet import CurveCells
from optimizer.planning.outputs.book.formats import counts, figures, money, signed
from optimizer.planning.outputs.book.sheet import Book, Cells, Column, Live, Sheet
from optimizer.planning.stages.result import PlanResult, Run
from optimizer.question.fees import Fee
from optimizer.question.objectives import Profit

__all__ = ["own_sheet"]

TITLE = "Your own spend"
_WIDTHS = (35, 14, 14, 14, 15, 14, 14, 14, 14, 24)
_SUMMARY = 4  # row of the summary's head
_BEYOND = "beyond the curve"


@dataclass(frozen=True)
class _Rows:
    """Where what stands: the first and last channel, then rows of sums."""

    first: int
    last: int
    fees: int

    @property
    def all(self) -> int:
        return self.last + 1

    @property
    def fixed(self) -> int:
        return self.last + 2

    @property
    def organic(self) -> int:
        return self.fixed + self.fees + 1

    @property
    def everything(self) -> int:
        return self.organic + 1


def own_sheet(book: Book, run: Run, plan: PlanResult, curves: Mapping[str, CurveCells], between: float) -> None:
    """Write the sheet.

    Parameters
    ----------
    book, run, plan
        Of the run.
    curves
        Where each channel's curve stands.
    between
        The most that reading between two points of a curve is off, in customers.
    """
    sheet, outcome = book.sheet(TITLE, _WIDTHS), run.config.outcome
    sheet.title(TITLE)
    sheet.sentence(
        f"Type spend over the horizon into the yellow cells: {outcome} and blended CAC follow; they begin with the "
        "run's plan. Certified is the run's plan alone: of another spend nothing here says whether it keeps limits and "
        "promises or how sure its figures are. cac certify says both."
    )
    sheet.row = _SUMMARY
    first = _SUMMARY + (5 if isinstance(plan.plan.objective, Profit) else 4) + 2
    rows = _Rows(first, first + len(plan.rows) - 1, len(plan.plan.fees))
    _summary(sheet, run, plan, rows)
    sheet.row = first - 1
    table = _channels(sheet, run, plan, curves, rows)
    sheet.freeze(table)
    _only_amounts(sheet, table, [curves[row.channel].most for row in plan.rows])
    sheet.sentence(
        f"{outcome[:1].upper()}{outcome[1:]} are means of the mix model, read from the sheet Curves by straight lines "
        f"between its points, which is off by at most {count(between)} {outcome} a channel, tried at thirds of each "
        "line. The weeks saw no spend beyond the most ever spent: there the curve is extrapolated.",
        size=9,
        soft=True,
    )


def _summary(sheet: Sheet, run: Run, plan: PlanResult, rows: _Rows) -> None:
    currency, outcome = run.config.currency, run.config.outcome
    sides = (plan.now, plan.planned)
    outlay = [float(side.spend.sum()) + side.fixed_cost for side in sides]
    won = [side.expected_customers for side in sides]
    cac = [side.expected_cac for side in sides]
    cells = [f"D{rows.everything}", f"F{rows.everything}", f"H{rows.everything}"]
    body = [
        _compared(_SUMMARY + 1, f"Spend, fixed cost and fees, {currency}", outlay, cells[0]),
        _compared(_SUMMARY + 2, f"New {outcome}, organic ones included", won, cells[1]),
        _compared(_SUMMARY + 3, f"Blended CAC, {currency}", cac, cells[2]),
    ]
    forms = [money(outlay), counts(won), figures(cac)]
    if isinstance(plan.plan.objective, Profit):
        profit = [plan.aim.expected(side) for side in sides]
        name = plan.aim.name[:1].upper() + plan.aim.name[1:]
        body.append(_compared(_SUMMARY + 4, f"{name}, {currency}", profit, _profit(plan.plan.objective, plan, rows)))
        forms.append(money(profit))
    titles = ("Over the horizon", "Today's spend", "The run's plan", "Your own spend", "Yours less the plan")
    table = sheet.table([Column(title, "" if at else "@") for at, title in enumerate(titles)], body)
    for row, form in zip(range(table.first, table.last + 1), forms, strict=True):
        for column in range(2, 6):
            sheet.cells.cell(row, column).number_format = form if column < 5 else signed(form)


def _compared(at: int, name: str, known: list[float], own: str) -> list[Any]:
    less = f'IF(ISNUMBER(D{at}),D{at}-C{at},"–")'
    return [name, *known, Live(own, known[1]), Live(less, 0.0)]


def _profit(objective: Profit, plan: PlanResult, rows: _Rows) -> str:
    """Value of all customers less everything that is paid."""
    channels = plan.curves.channels
    values = dict(zip(channels, objective.values(channels), strict=True))
    gained = "+".join(f"{float(values[row.channel])!r}*F{at}" for at, row in enumerate(plan.rows, start=rows.first))
    organic = float(np.mean(np.resize(objective.organic_value, plan.planned.organic.shape) * plan.planned.organic))
    return f'IF(ISNUMBER(F{rows.everything}),{gained}+{organic!r}-D{rows.everything},"–")'


def _channels(sheet: Sheet, run: Run, plan: PlanResult, curves: Mapping[str, CurveCells], rows: _Rows) -> Cells:
    currency, outcome = run.config.currency, run.config.outcome
    spend = money([value for row in plan.rows for value in (row.now, row.planned)])
    brought, won = counts([row.customers.point for row in plan.rows]), f"{outcome[:1].upper()}{outcome[1:]}"
    costs = figures(row.cac.point for row in plan.rows)
    columns = [
        Column("Channel"),
        Column(f"Spend now, {currency}", spend),
        Column(f"The run's plan, {currency}", spend),
        Column(f"Your spend, {currency}", spend, is_input=True),
        Column(f"Yours less the plan, {currency}", signed(spend)),
        Column(f"{won} of yours", brought),
        Column(f"{won} of the plan", brought),
        Column(f"CAC of yours, {currency}", costs),
        Column(f"Most ever spent, {currency}", spend),
        Column("To know"),
    ]
    body = []
    for at, row in enumerate(plan.rows, start=rows.first):
        seen = float(plan.observed_maximum[row.channel])
        beyond = "more than ever spent" if row.planned > seen * (1 + 1e-9) else ""
        body.append(
            [
                row.channel,
                row.now,
                row.planned,
                row.planned,
                Live(f"D{at}-C{at}", 0.0),
                Live(curves[row.channel].read(f"D{at}", _BEYOND), row.customers.point),
                row.customers.point,
                Live(f'IF(ISNUMBER(F{at}),IF(F{at}>0,D{at}/F{at},"–"),"–")', _known(row.cac.point)),
                seen,
                Live(
                    f'IF(ISNUMBER(F{at}),IF(D{at}>I{at}*(1+1E-9),"more than ever spent",""),"the curve ends")', beyond
                ),
            ]
        )
    return sheet.table(columns, body, _sums(plan, rows))


def _known(value: float) -> float | str:
    return value if np.isfinite(value) else "–"


def _sums(plan: PlanResult, rows: _Rows) -> list[list[Any]]:
    now, own = plan.now, plan.planned
    whole = f"F{rows.first}:F{rows.last}"
    paid, organic = own.expected_customers - float(own.organic.mean()), float(own.organic.mean())
    spent, fixed = float(own.spend.sum()), plan.plan.fixed_cost
    outlay = spent + own.fixed_cost
    won = Live(f'IF(COUNT({whole})=ROWS({whole}),SUM({whole}),"–")', paid)
    sums: list[list[Any]] = [
        [
            *("All channels", float(now.spend.sum()), spent, _sum("D", rows.first, rows.last, spent), None, won, paid),
            Live(_ratio(rows.all), _known(spent / paid if paid > 0 else np.nan)),
        ],
        ["Fixed cost", fixed, fixed, fixed, None, None, None, None],
    ]
    for fee in plan.plan.fees:
        dues = [fee.due(dict(side.spend)) for side in (now, own)]
        sums.append([f"Fee: {fee.name}", *dues, Live(_due(fee, plan, rows), dues[1]), None, None, None, None])
    sums.append(["Organic", None, None, None, None, organic, organic, None])
    everything = Live(f'IF(ISNUMBER(F{rows.all}),F{rows.all}+F{rows.organic},"–")', own.expected_customers)
    paid_out = _sum("D", rows.all, rows.organic - 1, outlay)
    sums.append(
        [
            *("Everything (blended CAC)", float(now.spend.sum()) + now.fixed_cost, outlay, paid_out, None, everything),
            *(own.expected_customers, Live(_ratio(rows.everything), own.expected_cac)),
        ]
    )
    for at, row in zip((rows.all, *range(rows.fixed, rows.organic), rows.organic, rows.everything), sums, strict=True):
        if row[3] is not None:
            row[4] = Live(f"D{at}-C{at}", 0.0)
    return [[*row, None, None] for row in sums]


def _sum(letter: str, first: int, last: int, value: float) -> Live:
    return Live(f"SUM({letter}{first}:{letter}{last})", value)


def _ratio(at: int) -> str:
    return f'IF(ISNUMBER(F{at}),IF(F{at}>0,D{at}/F{at},"–"),"–")'


def _due(fee: Fee, plan: PlanResult, rows: _Rows) -> str:
    """The fee of the spend that is typed: the last step that it is beyond."""
    cells = [f"D{at}" for at, row in enumerate(plan.rows, start=rows.first) if row.channel in fee.channels]
    total, formula = f"({'+'.join(cells)})", "0"
    for above, due in fee.steps:
        formula = f"IF({total}>{above!r}*(1+1E-9),{due!r},{formula})"
    return formula


def _only_amounts(sheet: Sheet, table: Cells, most: list[float]) -> None:
    """Cells for spend take amounts that the curve reaches."""
    from openpyxl.worksheet.datavalidation import DataValidation

    for at, reach in enumerate(most, start=table.first):
        rule = DataValidation("decimal", operator="between", formula1="0", formula2=repr(reach))
        rule.errorTitle = sheet.say("Not on the curve")
        rule.error = sheet.say(f"An amount from 0 to {plain(reach)}, where the curve ends.")
        rule.showErrorMessage = True
        rule.add(f"D{at}")
        sheet.cells.add_data_validation(rule)

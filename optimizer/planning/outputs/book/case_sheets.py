"""The sheets of other cases than the plan, a table each: what-ifs, stress, other budgets."""

from __future__ import annotations

from typing import Any

from attribution.estimates import Estimate
from optimizer.answer.worth import Worth
from optimizer.planning.file.keys.plan import PLAN_ITSELF
from optimizer.planning.outputs.against_today import name_of
from optimizer.planning.outputs.book.charts import line
from optimizer.planning.outputs.book.formats import counts, figures, money, signed
from optimizer.planning.outputs.book.ranges import ends, ranged, until
from optimizer.planning.outputs.book.sheet import Book, Column
from optimizer.planning.outputs.sections.scenarios import shown_figure
from optimizer.planning.outputs.sections.stress import why
from optimizer.planning.stages.result import PlanResult, Run
from optimizer.question.outcomes import new_of

__all__ = ["budgets_sheet", "stress_sheet", "what_if_sheet"]

_SHOWN = 15  # channels beside each other


def what_if_sheet(book: Book, run: Run, plan: PlanResult, worth: Worth) -> None:
    """Each what-if beside the plan: what it spends, brings and costs, and spend by channel."""
    if not run.scenarios:
        return
    currency, outcome, name = run.config.currency, run.config.outcome, shown_figure(worth)
    channels = [row.channel for row in plan.rows[:_SHOWN]]
    wide = [max(12.0, 0.9 * len(name)) for name in channels]
    wide += [12.0] * (10 - len(wide))
    sheet = book.sheet("What if", [30, *wide])
    sheet.title("What if")
    known = [("The plan", plan.planned, worth)]
    known += [
        (one.name, one.outcome, one.worth) for one in run.scenarios if one.outcome is not None and one.worth is not None
    ]
    figure = {title: next(each.after for each in own.figures if each.name == name) for title, _, own in known}
    spend = money([value for _, side, _ in known for value in (*side.spend, float(side.spend.sum()))])
    won = counts([side.expected_customers for _, side, _ in known])
    form = figures(each.point for each in figure.values()) if name != "customers" else won
    unit = "" if name == "customers" else f", {currency}"
    title = name_of(name, new_of(outcome))
    aim = name_of(worth.aim.name, new_of(outcome))
    less = signed(figures([worth.aim.change.point, *(own.aim.change.point for _, _, own in known)]))
    columns = [
        Column("What if"),
        Column(f"Spend, {currency}", spend),
        *ranged(f"New {outcome}", won),
        *ranged(f"{title[:1].upper()}{title[1:]}{unit}", form),
        *ranged(f"{aim[:1].upper()}{aim[1:]} less today's", less),
    ]
    rows: list[list[Any]] = [
        [
            title,
            float(side.spend.sum()),
            *ends(Estimate.of(side.customers)),
            *ends(figure[title]),
            *ends(own.aim.change),
        ]
        for title, side, own in known
    ]
    table = sheet.table(columns, rows)
    sheet.freeze(table)
    for one in run.scenarios:
        if one.problem:
            sheet.sentence(f"{one.name}: no plan. {one.problem}")
    sheet.sentence(
        "Each is planned by itself and held against today's spend in its own world.",
        size=9,
        soft=True,
    )
    backs = {} if run.economics is None else run.economics.back
    if backs:
        sheet.heading("Payback: when the margin of all whom media win has paid for what they cost")
        names = [(title, PLAN_ITSELF if side is plan.planned else title) for title, side, _ in known]
        columns = [Column("What if"), *ranged("Months", "0.0")]
        sheet.table(columns, [[title, *until(backs.get(name))] for title, name in names])
    sheet.heading("Spend by channel")
    columns = [Column("What if"), *(Column(f"{channel}, {currency}", spend) for channel in channels)]
    sheet.table(
        columns,
        [
            [title, *(float(side.spend[one]) if one in side.spend.index else None for one in channels)]
            for title, side, _ in known
        ],
    )
    if len(plan.rows) > _SHOWN:
        sheet.sentence(
            f"Spend is of the {_SHOWN} channels with most in the plan; tables/scenarios.csv has all.", soft=True
        )


def stress_sheet(book: Book, run: Run) -> None:
    """What shocks leave of the plan, made again for each."""
    if run.stress is None:
        return
    currency, outcome, known = run.config.currency, run.config.outcome, run.stress.answers
    sheet = book.sheet("Stress", [34, 11, 13, *[10] * 8, 60])
    sheet.title("Stress: the plan made again for what a quarter may bring")
    own = run.stress.plan
    won, costs = counts([own.expected_customers]), figures([own.expected_cac])
    columns = [
        Column("Shock"),
        Column("Promises"),
        Column(f"Spend, {currency}", money([float(own.spend.sum())])),
        Column(f"New {outcome}", won),
        *ranged("Less the plan's", signed(won)),
        Column(f"Blended CAC, {currency}", costs),
        *ranged("Less the plan's", signed(costs)),
        Column("What breaks"),
    ]
    rows: list[list[Any]] = []
    for answer in known:
        kept, told = "kept" if answer.kept else "broken", why(answer) if not answer.kept else None
        side = answer.outcome
        if side is None:
            rows.append([answer.name, kept, *[None] * 9, told])
            continue
        changes = ends(answer.customers_change(own)), ends(answer.cac_change(own))
        figure = [float(side.spend.sum()), side.expected_customers, *changes[0], side.expected_cac, *changes[1]]
        rows.append([answer.name, kept, *figure, told])
    sheet.freeze(sheet.table(columns, rows))


def budgets_sheet(book: Book, run: Run, plan: PlanResult) -> None:
    """The best that each budget gets, with its chart."""
    frontier = plan.frontier
    if len(frontier) < 2:
        return
    frontier = frontier[~frontier["spend"].round().duplicated()]
    currency, outcome = run.config.currency, run.config.outcome
    sheet = book.sheet("Budgets", [16, 16, 16, *[13] * 8])
    sheet.title("The best of each budget")
    sheet.sentence("Lowest blended CAC, or most of the plan's own aim, within the same limits and promises.", soft=True)
    columns = [
        Column(f"Spend, {currency}", money(frontier["spend"])),
        Column(f"New {outcome}", counts(frontier["customers"])),
        Column(f"Blended CAC, {currency}", figures(frontier["blended_cac"])),
    ]
    table = sheet.table(columns, frontier[["spend", "customers", "blended_cac"]].astype(float).to_numpy().tolist())
    sheet.freeze(table, columns=0)
    sheet.row = table.head
    whole = money(frontier["blended_cac"])
    line(sheet, (5, 11), f"Blended CAC by budget, {currency}", table, 1, 3, whole, f"spend, {currency}")

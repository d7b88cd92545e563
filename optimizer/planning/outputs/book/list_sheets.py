"""The sheets of the plan behind its decision, a table each: channels, markets, moves, weeks, tests, checks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from attribution.estimates import Estimate
from attribution.numbers import counted
from optimizer.planning.outputs.against_today import chance
from optimizer.planning.outputs.book.formats import CHANGE_SHARE, FACTOR, SHARE, counts, figures, money, signed
from optimizer.planning.outputs.book.ranges import ends, moved, ranged, spend_columns
from optimizer.planning.outputs.book.sheet import Book, Column, Sheet
from optimizer.planning.outputs.sections.markets import parts_by_market
from optimizer.planning.stages.from_today import from_today
from optimizer.planning.stages.order import order_of
from optimizer.planning.stages.result import PlanResult, Run, blended_cac, paid_cac
from optimizer.planning.stages.schedule import ScheduleResult

__all__ = [
    "channels_sheet",
    "checks_sheet",
    "markets_sheet",
    "moves_sheet",
    "tests_sheet",
    "weeks_sheet",
]


def channels_sheet(book: Book, run: Run, plan: PlanResult) -> None:
    """Every channel: spend, customers, CAC, marginal CAC and shares, with intervals."""
    currency, outcome = run.config.currency, run.config.outcome
    title = f"{outcome[:1].upper()}{outcome[1:]}"
    sheet = book.sheet("Channels", [24, 13, 13, 13, 11, *[12] * 5, 16])
    sheet.title("Every channel")
    spend = money([value for row in plan.rows for value in (row.now, row.planned)])
    won = counts([row.customers.point for row in plan.rows])
    columns = [
        Column("Channel"),
        *spend_columns(currency, spend),
        Column(f"{title} now", won),
        *ranged(f"{title} planned", won),
        Column("Limit it stands at"),
    ]
    rows = [
        [row.channel, *moved(row.now, row.planned), row.customers_now.point, *ends(row.customers), row.limit or None]
        for row in plan.rows
    ]
    sheet.freeze(sheet.table(columns, rows, _sums(plan)))
    sheet.heading("What customers cost, and shares")
    shares = {one.channel: one for one in from_today(plan).shares}
    costs = figures(cost.point for row in plan.rows for cost in (row.cac, row.marginal_cac) if row.planned)
    columns = [
        Column("Channel"),
        *ranged(f"CAC planned, {currency}", costs),
        *ranged(f"Marginal CAC planned, {currency}", costs),
        Column("Share of spend", SHARE),
        *ranged(f"Share of {outcome}", SHARE),
    ]
    rows = []
    for row in plan.rows:
        share, marginal = shares[row.channel], row.marginal_cac if row.planned else Estimate.exact(np.nan)
        rows.append([row.channel, *ends(row.cac), *ends(marginal), share.spend, *ends(share.effect)])
    none = [None] * 7
    paid = ["All channels (paid CAC)", *ends(paid_cac(plan.planned)), *none]
    sheet.table(columns, rows, [paid, ["Everything (blended CAC)", *ends(blended_cac(plan.planned)), *none]])


def _sums(plan: PlanResult) -> Iterator[list[Any]]:
    now, planned = plan.now, plan.planned
    paid = [Estimate.of(side.paid.to_numpy().sum(axis=1)) for side in (now, planned)]
    spent = [float(side.spend.sum()) for side in (now, planned)]
    yield ["All channels", *moved(*spent), paid[0].point, *ends(paid[1]), None]
    fixed = "Fixed cost and fees" if plan.plan.fees else "Fixed cost"
    yield [fixed, *moved(now.fixed_cost, planned.fixed_cost), *[None] * 5]
    organic = Estimate.of(planned.organic)
    yield ["Organic", None, None, None, None, float(now.organic.mean()), *ends(organic), None]
    whole = [Estimate.of(side.customers) for side in (now, planned)]
    outlay = [one + side.fixed_cost for one, side in zip(spent, (now, planned), strict=True)]
    yield ["Everything", *moved(*outlay), whole[0].point, *ends(whole[1]), None]


def markets_sheet(book: Book, run: Run) -> None:
    """The plan by market, where there are several."""
    parts = parts_by_market(run)
    if len(parts) < 2:
        return
    currency, outcome = run.config.currency, run.config.outcome
    sheet = book.sheet("Markets", [24, 13, 13, 13, 10, *[11] * 9])
    sheet.title("By market")
    spend = money([value for part in parts for value in (part.now, part.planned)])
    won = counts([float(part.customers.mean()) for part in parts])
    costs = figures(Estimate.cost(part.planned, part.paid).point for part in parts)
    columns = [
        Column("Market"),
        *spend_columns(currency, spend),
        *ranged(f"New {outcome} now", won),
        *ranged(f"New {outcome} planned", won),
        *ranged(f"CAC of paid {outcome}, {currency}", costs),
    ]
    rows = [
        [
            *(part.name, *moved(part.now, part.planned)),
            *ends(Estimate.of(part.customers_now)),
            *ends(Estimate.of(part.customers)),
            *ends(Estimate.cost(part.planned, part.paid)),
        ]
        for part in parts
    ]
    sheet.freeze(sheet.table(columns, rows))


def moves_sheet(book: Book, run: Run) -> None:
    """How far each move can be trusted."""
    if run.worth is None or not run.worth.tipping:
        return
    tipping = order_of(run).of(run.worth.tipping, lambda one: one.channel)
    currency = run.config.currency
    sheet = book.sheet("Moves", [24, 14, 14, 14, 17, 14, 62])
    sheet.title("How far each move can be trusted")
    spend = money([value for one in tipping for value in (one.now, one.planned)])
    columns = [
        Column("Channel"),
        Column(f"Spend now, {currency}", spend),
        Column(f"Planned, {currency}", spend),
        Column(f"Move, {currency}", signed(spend)),
        Column("Turns around at, of what is expected", FACTOR),
        Column("Probability of that", FACTOR),
        Column("In words"),
    ]
    rows = []
    for one in tipping:
        turns = np.isfinite(one.factor) and one.factor > 0
        odds = chance(one.probability) if turns else None
        rows.append(
            [
                one.channel,
                one.now,
                one.planned,
                one.planned - one.now,
                one.factor if turns else None,
                odds,
                one.sentence,
            ]
        )
    sheet.freeze(sheet.table(columns, rows))
    sheet.sentence(
        "The channel's effect is scaled about today's spend, all others as expected. The probability is the share of "
        "the model's draws in which the move brings, or loses, that much less or more.",
        size=9,
        soft=True,
    )


def weeks_sheet(book: Book, run: Run) -> None:
    """The calendar: a row a week, a column a channel, then months."""
    result = run.schedule
    if result is None or result.problem:
        return
    channels = order_of(run).of(map(str, result.spend))
    sheet = book.sheet("Weeks", [14, 13, *(max(11, 1.1 * len(name)) for name in channels)])
    sheet.title("Week by week")
    spend = money(result.spend.to_numpy().ravel())
    columns = [Column(title, spend) for title in (f"All, {run.config.currency}", *channels)]
    total = [float(result.spend[channel].sum()) for channel in channels]
    table = sheet.table([Column("Week from"), *columns], _weeks(result, channels), [["All weeks", sum(total), *total]])
    sheet.freeze(table)
    sheet.heading("By month")
    months = result.months[channels]
    rows = [
        [f"{month}", float(own.sum()), *map(float, own)]
        for month, own in zip(months.index, months.to_numpy(), strict=True)
    ]
    sheet.table([Column("Month"), *columns], rows)
    sheet.sentence("Months count the plan's days alone, a week's spend evenly on its seven.", size=9, soft=True)


def _weeks(result: ScheduleResult, channels: Sequence[str]) -> Iterator[list[Any]]:
    for week, own in zip(result.spend.index, result.spend[list(channels)].to_numpy(), strict=True):
        yield [f"{week:%Y-%m-%d}", float(own.sum()), *map(float, own)]


def tests_sheet(book: Book, run: Run) -> None:
    """What a test of each channel would be worth."""
    if run.tests is None:
        return
    table, outcome = run.tests.table, run.config.outcome
    rows = order_of(run).of(table.iterrows(), lambda pair: pair[0])
    sheet = book.sheet("Tests", [26, 16, 22, 20, 20, 20])
    sheet.title("What to test next")
    columns = [
        Column("Channel"),
        Column("Spend in the test", CHANGE_SHARE),
        Column(f"{outcome[:1].upper()}{outcome[1:]} it would measure, as believed", counts(table["effect"])),
        Column("Give or take (one standard deviation)", counts(table["effect_sd"])),
        Column(f"Worth to the plan, {outcome}", counts(table["value"])),
        Column("Of knowing it exactly", FACTOR),
    ]
    names = ["change", "effect", "effect_sd", "value", "of_perfect"]
    sheet.freeze(sheet.table(columns, [[str(channel), *(float(own[name]) for name in names)] for channel, own in rows]))
    sheet.sentence(
        f"A test changes a channel's spend for {counted(run.tests.weeks, 'week')}. Its worth is what the coming plan "
        "wins by "
        "knowing its result before the money is spent; what later plans gain comes on top. -100 % is off.",
        size=9,
        soft=True,
    )
    if left := ", ".join(run.tests.unweighed):
        sheet.sentence(f"Not weighed, for a test would move least what is believed of them: {left}.", size=9, soft=True)


def checks_sheet(book: Book, run: Run) -> None:
    """All checks of the run, those that did not pass first."""
    sheet: Sheet = book.sheet("Checks", [26, 12, 110])
    sheet.title("Checks")
    sheet.sentence("Those that passed stand below the others and are not printed.", soft=True)
    findings = sorted(run.findings, key=lambda one: one.passed)
    rows = [[one.title, "passed" if one.passed else "look here", one.text] for one in findings]
    table = sheet.table([Column("Check"), Column("Result"), Column("What it says")], rows)
    sheet.freeze(table)
    sheet.cells.print_area = f"A1:C{max(table.head + sum(not one.passed for one in findings), table.first)}"

"""The short summary at the end of a run, on standard output."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from attribution.estimates import Estimate
from attribution.numbers import MISSING, amount, cost, count, counted, gap, percent
from optimizer.answer.worth import Worth
from optimizer.planning.file.keys.plan import PLAN_ITSELF
from optimizer.planning.ledger.runs import LATEST, REPORT, latest_of, place_of, shown
from optimizer.planning.outputs.against_today import form_of, lines, name_of, signed
from optimizer.planning.outputs.changes_in_words import lines as changes_lines
from optimizer.planning.outputs.doubts import failed
from optimizer.planning.outputs.given_in_words import lines as given_lines
from optimizer.planning.outputs.in_language import speech_of, voice
from optimizer.planning.outputs.sections.customer_worth import worth_line
from optimizer.planning.outputs.sections.markets import parts_by_market
from optimizer.planning.outputs.sections.opinions import opinions_line
from optimizer.planning.outputs.sections.scenarios import back_of, beside_plan, shown_figure
from optimizer.planning.outputs.sections.schedule import against_equal_weeks
from optimizer.planning.outputs.sections.stress import why
from optimizer.planning.outputs.sections.trust import trust_lines
from optimizer.planning.stages.order import order_of
from optimizer.planning.stages.question import cases
from optimizer.planning.stages.result import AttributionResult, PlanResult, PlanWorth, Run, blended_cac
from optimizer.planning.stages.schedule import ScheduleResult
from optimizer.scenarios.stress import Stressed

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.table import Table

__all__ = ["plain_table", "show", "standard_output"]

_SHOWN_FILES = (
    "report.html",
    "plan.csv",
    "plan_by_market.csv",
    "changes.csv",
    "schedule.csv",
    "forecast.csv",
    "plan.xlsx",
    "scenarios.csv",
    "stress.csv",
    "attribution.csv",
    "opinions.csv",
    "calibration.csv",
    "posterior.nc",
)


def show(run: Run, written: tuple[Path, ...], console: Console | None = None) -> None:
    """Print what came of a run: the plan where there is one, else credit by model."""
    from rich.markup import escape

    say = voice(console or standard_output(), speech_of(run.config, run))
    if run.plan is not None and run.worth is not None:
        say(_plan_tables(run, run.plan))
        for line in _verdict(run, run.plan, run.worth):
            say(escape(line))
        if run.schedule is not None and not run.schedule.problem:
            say(escape(_by_week(run.schedule, run.config.outcome)))
        beside = [*(changes_lines(run.changes, run) if run.changes is not None else ())]
        beside += [line for line in (worth_line(run),) if line]
        for line in (*beside, *(line for given in run.given for line in given_lines(given, run))):
            say(escape(line))
        if run.scenarios:
            say(_scenario_table(run, run.plan, run.worth.worth))
        if run.stress is not None:
            say(_stress_table(run, run.stress))
    elif run.attribution is not None:
        say(_attribution_table(run.attribution))
        for line in run.attribution.notes:
            say(escape(line))
    if run.heard is not None:
        say(escape(opinions_line(run.heard, run.config.outcome)))
    for finding in failed(run):
        say(f"[yellow]attention[/] {escape(finding.name)}: {escape(finding.text)}")
    for line in _of_files([path for path in written if path.parent == written[-1].parent]):
        say(escape(line))


def _of_files(written: Sequence[Path]) -> Iterator[str]:
    """Where the files of a run lie, and which one to open."""
    names = [path.name for path in written if path.name in _SHOWN_FILES]
    if names:
        yield f"Written to {shown(written[0].parent)}: {', '.join(names)}"
    if REPORT in names:
        yield f"Open {place_of(written[0].parent) / REPORT}"
    elif written and not _is_latest(written[0].parent):
        yield f"{LATEST} stays with the last run that wrote a report."


def _is_latest(run: Path) -> bool:
    return latest_of(run.parents[1]) == run


def standard_output() -> Console:
    """Standard output; wide enough for the tables where it is no terminal, and so has no width of its own."""
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=160)


def plain_table(title: str, *columns: str) -> Table:
    """A table in the look of all tables here: the first column's text to the left, figures to the right."""
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", caption_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.min_width = 60
    for place, column in enumerate(columns):
        table.add_column(
            column,
            justify="left" if place == 0 else "right",
            overflow="fold",
            no_wrap=place > 0,
            min_width=12 if place == 0 else None,
        )
    return table


def _ranged(estimate: Estimate, form: Callable[[float], str]) -> str:
    if not estimate.known:
        return MISSING
    return f"{form(estimate.point)}\n[dim]{form(estimate.low)} – {form(estimate.high)}[/]"


def _plan_table(run: Run, plan: PlanResult) -> Table:
    from rich.markup import escape

    currency, outcome = run.config.currency, run.config.outcome
    weeks = run.config.plan.weeks if run.config.plan else 0
    title = escape(f"{run.config.name}: {counted(weeks, 'week')}, {currency}; 90 % intervals beside the figures")
    table = plain_table(title, "channel", "spend now", "planned", "change", outcome, "CAC", "marginal CAC")
    for row in plan.rows:
        table.add_row(
            escape(row.channel),
            amount(row.now),
            amount(row.planned),
            percent(row.planned / row.now - 1, signed=True) if row.now else "new" if row.planned else MISSING,
            _ranged(row.customers, count),
            _ranged(row.cac, cost),
            _ranged(row.marginal_cac, cost),
        )
    table.add_section()
    now, planned = float(plan.now.spend.sum()), float(plan.planned.spend.sum())
    table.add_row(
        "all, organic included",
        amount(now),
        amount(planned),
        percent(planned / now - 1, signed=True) if now else MISSING,
        _ranged(Estimate.of(plan.planned.customers), count),
        _ranged(blended_cac(plan.planned), cost),
        "",
    )
    return table


def _plan_tables(run: Run, plan: PlanResult) -> Group:
    from rich.console import Group

    several = len(parts_by_market(run)) > 1
    return Group(_plan_table(run, plan), *([_market_table(run)] if several else []))


def _market_table(run: Run) -> Table:
    from rich.markup import escape

    outcome = run.config.outcome
    table = plain_table("By market", "market", "spend now", "planned", "change", f"{outcome} now", "planned")
    for part in parts_by_market(run):
        table.add_row(
            escape(part.name),
            amount(part.now),
            amount(part.planned),
            percent(part.planned / part.now - 1, signed=True) if part.now else MISSING,
            _ranged(Estimate.of(part.customers_now), count),
            _ranged(Estimate.of(part.customers), count),
        )
    return table


def _verdict(run: Run, plan: PlanResult, plan_worth: PlanWorth) -> list[str]:
    currency, aim = run.config.currency, plan_worth.worth.aim
    name, unit, form = plan.aim.name, plan.aim.unit(currency), form_of(aim.name)
    before, after = (form(e.point) if e.low == e.high else e.written(form) for e in (aim.before, aim.after))
    made_for = f" {cases(run.config.plan)}".rstrip()
    turning = [f"  {one.sentence}" for one in order_of(run).of(plan_worth.tipping, attrgetter("channel"))]
    return [
        f"{name[:1].upper()}{name[1:]} now {before}{unit}, planned {after}{unit}.",
        *lines(plan_worth.worth, plan, run),
        *trust_lines(run),
        *(["How far each move can be trusted, others as expected:", *turning] if turning else []),
        f"{plan.allocation.status.value} Bound {plan.aim.written(plan.allocation.bound)}{made_for}, "
        f"distance {gap(plan.allocation.gap)}, by {plan.allocation.engine}.",
    ]


def _by_week(result: ScheduleResult, outcome: str) -> str:
    first, last = result.spend.index[0], result.spend.index[-1]
    weeks = f"By week: {counted(len(result.spend), 'week')} from {first:%Y-%m-%d} to {last:%Y-%m-%d} in schedule.csv."
    return f"{weeks} {against_equal_weeks(result, outcome)}"


def _scenario_table(run: Run, plan: PlanResult, worth: Worth) -> Table:
    from rich.markup import escape

    figure, aim = shown_figure(worth), worth.aim
    form, against = form_of(figure), f"{name_of(aim.name, run.config.outcome)} against the plan"
    backs = bool(back_of(run, PLAN_ITSELF))
    columns = ["scenario", "spend", run.config.outcome, figure, against, *(["payback, months"] if backs else [])]
    table = plain_table("What if", *columns)
    table.caption_justify = "left"
    for scenario in beside_plan(run.scenarios, plan, worth):
        outcome, own = scenario.outcome, scenario.worth
        if outcome is None or own is None:
            table.add_row(escape(scenario.name), "no plan", "", "", "see below")
            continue
        table.add_row(
            escape(scenario.name),
            amount(float(outcome.spend.sum())),
            _ranged(Estimate.of(outcome.customers), count),
            _ranged(next(one.after for one in own.figures if one.name == figure), form),
            "" if outcome is plan.planned else signed(form_of(aim.name))(own.aim.after.point - aim.after.point),
            *([back_of(run, scenario.name)] if backs else []),
        )
    for scenario in run.scenarios:
        if scenario.problem:
            table.caption = f"{table.caption or ''}{escape(scenario.name)}: {escape(scenario.problem)}\n"
    return table


def _stress_table(run: Run, stressed: Stressed) -> Table:
    from rich.markup import escape

    columns = ("shock", "promises", "spend", run.config.outcome, "against the plan", "blended CAC", "against the plan")
    table = plain_table("Stress: the plan made again", *columns)
    for answer in stressed.answers:
        outcome = answer.outcome
        if outcome is None:
            table.add_row(escape(answer.name), "no plan", "", "", "", "", "see below")
            continue
        table.add_row(
            escape(answer.name),
            "kept" if answer.kept else "broken",
            amount(float(outcome.spend.sum())),
            count(outcome.expected_customers),
            _ranged(answer.customers_change(stressed.plan), signed(count)),
            cost(outcome.expected_cac),
            _ranged(answer.cac_change(stressed.plan), signed(cost)),
        )
    table.caption = "\n".join(escape(f"{answer.name}: {why(answer)}") for answer in stressed.answers if not answer.kept)
    return table


def _attribution_table(result: AttributionResult) -> Table:
    from rich.markup import escape

    table = plain_table("Credited conversions", "channel", *result.credits)
    channels = next(iter(result.credits.values())).channels
    for channel in channels:
        cells = [Estimate.at(result.conversions[name], channel) for name in result.credits]
        table.add_row(escape(channel), *(_ranged(cell, count) for cell in cells))
    return table

"""Channel by channel: why each gets what it gets, its curve, and what other views say of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from attribution import plots as paths
from attribution.estimates import Estimate
from attribution.numbers import amount, change, cost, count
from mmm import plots as model
from optimizer.planning.outputs.sections.section import Figure, Section
from optimizer.planning.stages.new_channels import FirstTest
from optimizer.planning.stages.result import ChannelRow, PlanResult, Run
from optimizer.question.objectives import Profit

__all__ = ["CHANNELS", "reason"]


_LIKE = 1.01  # times as much at most, for two costs to be told as equal
_HELD = {  # limit of the channel's own: what would be without it
    "at its most": "would get more",
    "at its least": "would get less",
    "at its entry price": "would get less",
    "fixed": "is fixed",
}
_PICTURED = 24  # curves, of the channels with most planned spend: a page of hundreds takes minutes and is not read


def _view(run: Run) -> dict[str, Any] | None:
    result = run.plan
    if result is None:
        return None
    return {
        "channels": [_channel(run, result, row) for row in result.rows],
        "views_title": _views_title(run),
        "pictured": _PICTURED,
    }


def _channel(run: Run, result: PlanResult, row: ChannelRow) -> dict[str, Any]:
    facts = [
        ("Spend now, planned", f"{amount(row.now)} → {amount(row.planned)} ({change(row.now, row.planned)})"),
        (
            f"{run.config.outcome.capitalize()} now, planned",
            f"{count(row.customers_now.point)} → {count(row.customers.point)}",
        ),
        ("CAC planned", row.cac.written()),
        ("Marginal CAC planned", row.marginal_cac.written()),
        ("Most ever spent in as many weeks", amount(float(result.observed_maximum[row.channel]))),
    ]
    facts += [("Its curve", f"an assumption, {one.assumed}") for one in _new(run) if one.channel == row.channel]
    if row.limit:
        facts.append(("Limit", row.limit))
    if run.worth is not None:
        facts += [
            ("The move", one.sentence.partition(": ")[2]) for one in run.worth.tipping if one.channel == row.channel
        ]
    for one in result.held:
        if one.channel == row.channel:
            facts.append(("Not raised", one.sentence))
            facts.append(("These CACs", "may be too low: demand that others make may be credited to the channel"))
    return {
        "name": row.channel,
        "sentence": reason(row, result.rows, _yardstick(result, row.channel), run.config.currency, run.config.outcome),
        "facts": facts,
        "credits": _views(run, row.channel),
    }


def _new(run: Run) -> tuple[FirstTest, ...]:
    return () if run.worth is None else run.worth.new


def _yardstick(result: PlanResult, channel: str) -> tuple[str, float]:
    """What a next customer may cost, by the plan's own aim."""
    objective = result.plan.objective
    if isinstance(objective, Profit):
        return "what a customer is worth,", float(
            objective.values(result.curves.channels)[result.curves.channels.index(channel)]
        )
    return "the blended CAC of", result.planned.expected_cac


def reason(
    row: ChannelRow, rows: Sequence[ChannelRow], yardstick: tuple[str, float], currency: str, outcome: str
) -> str:
    """Why a channel gets what it gets.

    Parameters
    ----------
    row, rows
        The channel, and all channels of the plan.
    yardstick
        What the next customer's cost is held against, in words and in currency.
    currency, outcome
        Of the plan file.
    """
    if row.planned == 0:
        return "Gets nothing in the plan." if row.now else "Is not used, and the plan leaves it so."
    moved = change(row.now, row.planned).capitalize()
    another = "the next customer" if outcome == "customers" else f"one more unit of {outcome}"
    price = f"{cost(row.marginal_cac.point)} {currency}"
    if row.limit in _HELD:
        what = _HELD[row.limit]
        return (
            f"{moved}: held {row.limit} by its limit; there {another} costs {price}, so without it the channel {what}."
        )
    if row.limit == "held":
        return (
            f"{moved}: not raised, for it may ride on demand that others make; there, by the model, {another} costs "
            f"{price}."
        )
    if row.limit == "most tried":
        return f"{moved}: up to the most ever spent over as many weeks; there, by the model, {another} costs {price}."
    free = [other.marginal_cac.point for other in rows if other.planned and not other.limit]
    until = {
        "up": f"{moved}: raised until {another} costs {price}",
        "down": f"{moved}: cut until {another} costs {price}",
        "": f"{moved}: kept, since {another} costs {price}",
    }[row.direction]
    if not row.limit and row.planned and len(free) == 1 < len(rows):
        return f"{until}; every other channel is at a limit, so that what is asked is met here."
    if not row.limit and len(free) > 1 and max(free) < _LIKE * min(free):
        return f"{until}, as in every channel that no limit holds."
    what, limit = yardstick
    if limit / _LIKE < row.marginal_cac.point < limit * _LIKE:
        return f"{until}, which equals {what} {cost(limit)}."
    side = "below" if row.marginal_cac.point < limit else "above"
    return f"{moved}: at the planned spend {another} costs {price}, {side} {what} {cost(limit)}."


def _views_title(run: Run) -> str:
    if run.attribution is None or run.attribution.period is None:
        return "Whose view"
    start, end = run.attribution.period
    return f"{start:%b %Y} to {end:%b %Y}"


def _views(run: Run, channel: str) -> list[dict[str, Any]]:
    """Customers and CAC of a channel over the time of the log, in the mix model's view and in each credit's."""
    result = run.attribution
    if result is None or result.spend is None or channel not in result.spend.index:
        return []
    views = []
    if run.posterior is not None and result.period is not None:
        start, end = (str(day.date()) for day in result.period)
        caused = run.posterior.contributions(start, end)[channel].to_numpy()
        cac = Estimate.cost(float(result.spend[channel]), caused)
        views.append({"label": "Mix model: caused", "customers": Estimate.of(caused), "cac": cac})
    for name, table in result.conversions.items():
        costs = result.cac[name]
        customers, cac = Estimate.at(table, channel), Estimate.at(costs, channel)
        if "conversions" in costs:  # of the weeks whose spend it is
            spend = float(result.spend[channel])
            customers = Estimate(float(costs["conversions"][channel]), spend / cac.high, spend / cac.low)
        views.append({"label": f"{name}: credited", "customers": customers, "cac": cac})
    return views


def _figures(run: Run) -> Iterator[Figure]:
    result, currency, outcome = run.plan, run.config.currency, run.config.outcome
    if result is None:
        return
    for row in result.rows[:_PICTURED]:
        axes = model.response(
            result.curves[row.channel],
            paths.canvas(5.6, 3.4),
            channel=row.channel,
            now=row.now,
            planned=row.planned,
            observed=(0.0, float(result.observed_maximum[row.channel])),
            labels=(f"spend over the horizon, {currency}", f"{outcome} over the horizon"),
        )
        caption = f"{row.channel}: {outcome} against spend, with the 90 % interval of the mix model."
        yield Figure(f"curve:{row.channel}", caption, axes)


CHANNELS = Section("channels", "Channel by channel", _view, _figures)

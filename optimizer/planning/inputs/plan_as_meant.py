"""Whether the amounts of ``plan`` and its what-ifs are of the size of what the weekly table holds."""

from __future__ import annotations

from collections.abc import Iterator

from attribution.findings import Finding
from attribution.numbers import amount, cost, counted, significant
from mmm import Panel
from optimizer.planning.file.amounts import Amount
from optimizer.planning.file.config import Config
from optimizer.planning.file.keys.limits import GroupLimits, Limits, MarketLimits
from optimizer.planning.file.keys.plan import PlanSection, Question

__all__ = ["plan_as_meant"]

_TIMES = 50.0  # as of a given plan, see odd_plans
_DEAR = 1_000.0  # times the CAC of all, past which no customer of one channel is worth a limit
_SCALE = 20.0
_SURE = 1e-4  # of all customers of a test
_TOTALS = ("budget", "budget.at_most", "budget.at_least", "budget.exactly")

Stated = Iterator[tuple[str, float]]


def plan_as_meant(config: Config, panel: Panel | None) -> tuple[Finding, ...]:
    """Money, customers and costs that are far from those of late, by key; nothing where no plan is asked for.

    An amount of money is held against all that was spent over as many weeks, so that a limit of one channel that is no
    limit at all is told, and one that is small is not.

    Parameters
    ----------
    config, panel
        The plan file and the weekly table, if there is one.
    """
    section = config.plan
    if section is None or panel is None:
        return ()
    last = slice(-section.weeks * panel.per_week, None)
    part = section.weeks * panel.per_week / panel.periods
    spent = float(panel.spend[:, last].sum()) * max(part, 1.0)
    came = float(panel.kpi[:, last].sum()) * max(part, 1.0)
    if not (spent > 0 and came > 0):
        return ()
    weeks = counted(section.weeks, "week")
    looks = [
        *_of_money(config, section, spent, f"where {amount(spent)} was spent in the last {weeks}"),
        *_of_customers(config, section, came, f"where {amount(came)} came in the last {weeks}"),
        *_of_costs(config, section, spent, came),
        *_of_designs(section, came, panel),
    ]
    text = "Budgets, limits and promises are of the size of the weekly table, by the look of them."
    if looks:
        text = f"{' '.join(looks)} Correct it, leave out a limit that is none, or leave it if it is meant."
    return (Finding("plan_as_meant", not looks, float(len(looks)), 0.0, text),)


def _of_money(config: Config, section: PlanSection, spent: float, past: str) -> Iterator[str]:
    for key, money in _money(config, section):
        least = spent / _TIMES if key.endswith(_TOTALS) else 0.0
        if money > _TIMES * spent or 0 < money < least:
            yield f"{key} is {amount(money)}, {past}."
    now = sum((section.now or {}).values())
    if now > 0 and not 1 / _TIMES < now / spent < _TIMES:
        yield f"plan.now sums to {amount(now)}, {past}."


def _money(config: Config, section: PlanSection) -> Stated:
    """Key and amount of all money of the horizon."""
    for at, question in _questions(config, section):
        yield f"{at}.fixed_cost", question.fixed_cost
        if question.budget is not None:
            yield from _amounts(f"{at}.budget", question.budget, "at_least", "at_most", "exactly")
        yield from _amounts(at, question, "incremental")
        if question.change is not None:
            yield from _amounts(f"{at}.change", question.change, "total")
        for place, limits in _limits(at, question):
            yield from _amounts(place, limits, "at_least", "at_most", "fixed", "zero_or_at_least")
            yield from ((f"{place}.fee", fee) for _, fee in limits.fee_steps)
    for name, new in section.new_channels.items():
        yield f"plan.new_channels.{name}.at_most", new.at_most
    if section.switching_cost is not None:
        yield "plan.switching_cost.channel", section.switching_cost.channel
    for scenario in config.scenarios:
        yield from _amounts(f"scenarios.{scenario.name}", scenario, "budget", "fixed_cost")


def _amounts(at: str, owner: object, *keys: str) -> Stated:
    for key in keys:
        stated = getattr(owner, key, None)
        if isinstance(stated, Amount) and not stated.relative:
            yield f"{at}.{key}", stated.value
        elif isinstance(stated, float):
            yield f"{at}.{key}", stated


def _questions(config: Config, section: PlanSection) -> Iterator[tuple[str, Question]]:
    yield "plan", section
    for scenario in config.scenarios:
        if scenario.instead is not None:
            yield f"scenarios.{scenario.name}.instead", scenario.instead


def _limits(at: str, question: Question) -> Iterator[tuple[str, Limits | GroupLimits | MarketLimits]]:
    if question.every_channel is not None:
        yield f"{at}.every_channel", question.every_channel
    for kind in ("channels", "groups", "markets"):
        yield from ((f"{at}.{kind}.{name}", limits) for name, limits in getattr(question, kind).items())


def _of_customers(config: Config, section: PlanSection, came: float, past: str) -> Iterator[str]:
    promises = [(at, question.customers) for at, question in _questions(config, section)]
    promises += [(f"scenarios.{one.name}", one.customers) for one in config.scenarios]
    for at, promise in promises:
        if promise is None or promise.at_least.relative:
            continue
        stated = promise.at_least.value
        if stated > _TIMES * came or 0 < stated < came / _TIMES:
            yield f"{at}.customers.at_least is {amount(stated)}, {past}."


def _of_costs(config: Config, section: PlanSection, spent: float, came: float) -> Iterator[str]:
    usual = (spent + section.fixed_cost) / came
    for at, question in _questions(config, section):
        stated = [(f"{at}.max_cac", question.max_cac, _TIMES)]
        for place, limits in _limits(at, question):
            stated += [(f"{place}.{key}", getattr(limits, key), _DEAR) for key in ("max_cac", "max_marginal_cac")]
            if limits.target_roas is not None and not 1 / _DEAR <= limits.target_roas <= _DEAR:
                yield f"{place}.target_roas asks for {significant(limits.target_roas)} times the money."
        yield from _far(stated, usual)
    marks = config.guardrails.benchmarks.items()
    yield from _far([(f"guardrails.benchmarks.{name}", figure, _DEAR) for name, figure in marks], usual)


def _far(stated: list[tuple[str, float | None, float]], usual: float) -> Iterator[str]:
    for key, figure, most in stated:
        if figure is not None and not usual / _TIMES <= figure <= most * usual:
            yield f"{key} is {cost(figure)}, where a customer cost {cost(usual)} of late, fixed cost included."


def _of_designs(section: PlanSection, came: float, panel: Panel) -> Iterator[str]:
    for name, new in section.new_channels.items():
        if not 1 / _SCALE <= new.scale <= _SCALE:
            yield f"plan.new_channels.{name}.scale makes its market {significant(new.scale)} times that of {new.like}."
    if section.tests is None or section.tests.standard_error is None:
        return
    error, of_test = section.tests.standard_error, came * section.tests.weeks / section.weeks
    if not _SURE * of_test <= error <= of_test:
        text = f"where {amount(of_test)} come in {counted(section.tests.weeks, 'week')}"
        yield f"plan.tests.standard_error is {significant(error)} {panel.kpi_name}, {text}."

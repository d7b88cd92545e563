"""monitor.html: what `cac monitor` says, for people; one self-contained page."""

from __future__ import annotations

import pandas as pd

from attribution.numbers import amount, cost, count, decimal
from optimizer.cycle.alarms import Level
from optimizer.planning.language.markup import translated_markup
from optimizer.planning.outputs.in_language import speech_of
from optimizer.planning.outputs.monitor_message import by_week, cost_of_acting, cost_of_customers
from optimizer.planning.outputs.pages import environment
from optimizer.planning.since.monitored import Monitored
from optimizer.planning.since.replans import Replan

__all__ = ["as_page"]

_BOX = {Level.QUIET: "", Level.WATCH: "warn", Level.HALVE: "warn", Level.STOP: "bad"}


def as_page(found: Monitored) -> str:
    """The page as text."""
    say = speech_of(found.config)
    page = _page(found)
    return page if say is None else translated_markup(page, say, say.language.html)


def _page(found: Monitored) -> str:
    from markupsafe import Markup

    pages = environment()
    outcome, currency = found.config.outcome, found.config.currency
    return pages.get_template(
        "templates/monitor.html"
    ).render(
        title=found.config.name,
        css=Markup(pages.get_template("templates/report.css").render()),  # noqa: S704  our own style sheet
        subtitle=f"The {found.period}, held against the fit up to {found.fitted_to:%Y-%m-%d}; money in {currency}.",
        box=_BOX[found.level] or ("warn" if found.doubts else ""),
        headline=found.headline,
        speaking=found.speaking,
        silent=found.silent,
        replans=[
            {
                "title": f"{plan.level.word.capitalize()} {plan.channel}",
                "said": [plan.text, cost_of_customers(plan, outcome), cost_of_acting(plan, currency)],
                "rows": _rows(plan),
            }
            for plan in found.replans
        ],
        weeks=[_week(row) for _, row in by_week(found).iterrows()],
        outcome=outcome[:1].upper() + outcome[1:],
        notes=found.notes,
    )


def _rows(plan: Replan) -> list[tuple[str, str]]:
    return [] if plan.spend is None else [(str(name), amount(float(value))) for name, value in plan.spend.items()]


def _week(row: pd.Series) -> tuple[str, ...]:
    brought = float(row["customers"])
    paid = cost(float(row["spend"]) / brought) if brought else "–"
    interval = f"{count(float(row['expected_low']))} to {count(float(row['expected_high']))}"
    figures = (amount(float(row["spend"])), count(brought), count(float(row["expected"])), interval, paid)
    return (str(row["week"]), *figures, decimal(float(row["score"]), 2), decimal(float(row["limit"]), 2))

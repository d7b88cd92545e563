"""report.html: one self-contained page from a finished run; its sections bring their own views and templates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import pandas as pd

from attribution.numbers import counted
from optimizer.planning.language.commands import commands_as_code
from optimizer.planning.language.markup import translated_markup
from optimizer.planning.outputs.figures import Drawn
from optimizer.planning.outputs.in_language import speech_of
from optimizer.planning.outputs.pages import environment
from optimizer.planning.outputs.sections.contents import SECTIONS
from optimizer.planning.stages.order import Order, order_of
from optimizer.planning.stages.result import Run

__all__ = ["render", "subtitle"]

_NAMED = 8  # markets
_HEAD = re.compile(r"(?<=>)[^<>]*_[^<>]*(?=</th>)")


def render(run: Run, drawn: Mapping[str, Drawn]) -> str:
    """The page as text.

    Parameters
    ----------
    run
        A finished run.
    drawn
        Its figures, see :func:`optimizer.planning.outputs.figures.figures`.
    """
    say = speech_of(run.config, run)
    page = _page(run, drawn)
    return _breakable(commands_as_code(page if say is None else translated_markup(page, say, say.language.html)))


def _breakable(page: str) -> str:
    """Names in the heads of columns and rows break behind their underscores, and not within a word."""
    return _HEAD.sub(lambda head: head[0].replace("_", "_<wbr>"), page)


def _page(run: Run, drawn: Mapping[str, Drawn]) -> str:
    from markupsafe import Markup

    pages = environment()
    pages.globals |= _words(run)
    pages.filters["in_order"] = partial(_in_order, order_of(run))
    # Matplotlib escapes all text in its SVG, a section's template all that it shows, and the style sheet is ours:
    # the three may stand as they are
    pages.globals["figures"] = {
        name: {"svg": Markup(figure.svg), "caption": figure.caption}  # noqa: S704
        for name, figure in drawn.items()
    }
    views = [(section, section.view(run)) for section in SECTIONS]
    shown = [(section, view) for section, view in views if view is not None]
    return pages.get_template("templates/report.html").render(
        title=run.config.name,
        subtitle=subtitle(run),
        css=Markup(pages.get_template("templates/report.css").render()),  # noqa: S704
        navigation=[(section.anchor, section.title) for section, _ in shown if section.title],
        sections=[
            Markup(pages.get_template(f"sections/{section.anchor}.html").render(view))  # noqa: S704
            for section, view in shown
        ],
    )


def _in_order(order: Order, rows: Iterable[Any], name: str = "channel") -> list[Any]:
    """Rows of a template in the order of their channels."""
    return order.of(rows, lambda row: row[name] if isinstance(row, Mapping) else getattr(row, name))


def _words(run: Run) -> dict[str, Any]:
    """What every section calls money, customers and the horizon."""
    outcome = run.config.outcome
    return {
        "currency": run.config.currency,
        "outcome": outcome,
        "outcome_title": outcome[:1].upper() + outcome[1:],
        "horizon": counted(_weeks(run), "week"),
        "together": _together(run),
    }


def _together(run: Run) -> str:
    """What sections say whose figures are of several markets at once; empty of one."""
    names = run.inputs.markets.names if run.inputs.markets is not None and run.inputs.markets.several else ()
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"All {len(names)} markets together: {', '.join(names[:_NAMED])}{more}."


def subtitle(run: Run) -> str:
    """What is planned, from when to when."""
    if run.plan is None or run.posterior is None:
        return "Who stood on the paths to conversion."
    coming = run.posterior.panel.after(_weeks(run) * run.posterior.panel.per_week)
    last = coming[-1] + pd.Timedelta(days=run.posterior.panel.days - 1)
    return (
        f"Budget plan for {counted(_weeks(run), 'week')} from {coming[0]:%d %B %Y} to {last:%d %B %Y}, "
        f"in {run.config.currency}."
    )


def _weeks(run: Run) -> int:
    return run.config.plan.weeks if run.config.plan else 0

"""Tables of plans that somebody gives: spend by channel, every channel once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from attribution import Engine
from attribution.errors import BadInput, Problem, nearest, quoted
from attribution.numbers import counted, significant
from attribution.reading.contracts import Column, Table
from attribution.reading.small import read_table
from attribution.reading.stand_ins import is_total
from mmm import Panel
from optimizer.planning.file.keys.plan import GivenTable
from optimizer.planning.inputs.plans_of_other_tools import FORMS, PlanTable, plan_table

__all__ = ["Given", "currencies_of", "hint_of", "meant_by", "read_given", "read_plan_table", "said_of"]

_FIRST_ROW = 2  # below the header


@dataclass(frozen=True)
class Given:
    """Somebody's plan as it was read.

    Parameters
    ----------
    spend
        Currency over the horizon, by channel or cell.
    says
        How its table was read, where that is not plain; empty otherwise.
    currencies
        What its rows name, in a column so called.
    """

    spend: pd.Series
    says: str = ""
    currencies: tuple[str, ...] = ()


def read_given(
    table: GivenTable,
    folder: Path,
    panel: Panel,
    new: Sequence[str] = (),
    engine: Engine | None = None,
    *,
    horizon: int = 13,
    columns: Mapping[str, str] | None = None,
) -> Given:
    """Spend by channel of somebody's plan, in a table of one's own or as another tool writes it.

    Parameters
    ----------
    table
        What the plan file says of it.
    folder
        Where relative paths start.
    panel
        The weekly table, whose paid channels have to be named once each.
    new
        New channels of the plan, which may be named too.
    engine
        Settings of DuckDB.
    horizon
        Weeks of the plan.
    columns
        Column of spend in the weekly table -> channel; a table may name either.

    Returns
    -------
    Currency over the horizon, by channel of the panel, then new ones.

    Raises
    ------
    BadInput
        Every problem of the table, with its row.
    """
    opened = plan_table(table, folder, panel.per_week, engine)
    frame = read_plan_table(opened, table, (opened.channel,), engine)
    known = {*panel.channels, *new}
    names = [name if name in known else (columns or {}).get(name, name) for name in frame[opened.channel].astype(str)]
    problems = list(_problems(opened, table.path.name, frame, names, panel, new))
    if problems:
        raise BadInput(problems)
    spend = pd.Series(frame[opened.spend].to_numpy(dtype=float), names, name="spend") * opened.over(horizon)
    return Given(spend.reindex([*panel.channels, *new], fill_value=0.0), said_of(opened, horizon), currencies_of(frame))


def read_plan_table(
    opened: PlanTable, table: GivenTable, key: tuple[str, ...], engine: Engine | None = None
) -> pd.DataFrame:
    """The rows of a plan by contract, every key once.

    Raises
    ------
    BadInput
        Every problem of the table; where columns are missing, what plans of other tools are known by.
    """
    columns = (*(Column(name, "text") for name in key), Column(opened.spend, minimum=0, money=True))
    try:
        return read_table(opened.source, Table(table.path.name, columns, key=key), table.format, engine)
    except BadInput as error:
        if any(isinstance(problem, Problem) and problem.text == "is missing." for problem in error.problems):
            raise BadInput(
                [*error.problems, Problem(table.path.name, "is no plan that is known.", remedy=FORMS)]
            ) from None
        raise


def currencies_of(frame: pd.DataFrame) -> tuple[str, ...]:
    """Currencies that a table's rows name."""
    return tuple(frame["currency"].dropna().astype(str).unique()) if "currency" in frame else ()


def said_of(opened: PlanTable, horizon: int) -> str:
    """How a table was read, with the factor that made its spend that of the horizon."""
    if opened.weeks is None:
        return opened.says
    times = opened.over(horizon)
    if times == 1:
        told = f"Spend of {_span(opened.weeks)}, as many as the plan has."
    else:
        often, plan = significant(times), counted(horizon, "week")
        told = f"Spend of {_span(opened.weeks)} counts {often} times, for {plan} of the plan."
    return f"{opened.says} {told}" if opened.says else told


def meant_by(name: str, known: Iterable[str]) -> str | None:
    """The known name that an unknown one is near to; none of a row of totals."""
    return None if is_total(name) else nearest(name, known)


def hint_of(name: str, close: str | None, otherwise: str) -> str:
    """What to do about an unknown name."""
    if is_total(name):
        return "leave out rows of totals."
    return f"did you mean {quoted(close)}?" if close else otherwise


def _span(weeks: float) -> str:
    days = round(weeks * 7, 6)
    number, unit = (weeks, "week") if days % 7 == 0 else (days, "day")
    return f"{significant(number)} {unit}" if number == 1 else f"{significant(number)} {unit}s"


def _problems(
    opened: PlanTable, name: str, frame: pd.DataFrame, names: Sequence[str], panel: Panel, new: Sequence[str]
) -> Iterator[Problem]:
    spent, meant = panel.national_spend.sum(), set[str]()
    for row, (channel, money) in enumerate(zip(names, frame[opened.spend], strict=True)):
        at = f"row {row + _FIRST_ROW}"
        if channel in new:
            continue
        if channel not in panel.channels:
            close = meant_by(channel, [*panel.channels, *new])
            meant |= {close} if close else set()
            hint = hint_of(channel, close, f"channels are {', '.join(panel.channels)}.")
            yield Problem(name, f"unknown channel {channel!r}.", opened.channel, at, hint)
        if channel in panel.channels and money > 0 and spent[channel] == 0:
            text = f"spends on {channel}, which never spent in the weekly table: nothing says what it would bring."
            yield Problem(name, text, opened.spend, at, "write 0, or plan a test of the channel.")
    missing = [channel for channel in panel.channels if channel not in {*names, *meant}]
    if missing:
        yield Problem(name, f"lacks {', '.join(missing)}.", opened.channel, remedy="write 0 for a channel not used.")
    twice = sorted({channel for channel in names if names.count(channel) > 1})
    if twice:
        yield Problem(name, f"names {', '.join(twice)} twice, once by its column of spend.", opened.channel)

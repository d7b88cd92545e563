"""Cohorts and costs of a plan file, read and checked."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from attribution import Engine, Query
from attribution.economics import CustomerValues, Terms, customer_values, read_cohorts
from attribution.errors import BadInput, Problem
from attribution.reading.blanks import folded
from attribution.reading.small import read_table
from attribution.reading.stand_ins import totals_among
from attribution.reading.tables import COSTS, renamed
from mmm.model.model import ORGANIC
from optimizer.planning.file.config import Config
from optimizer.planning.file.keys.economics import CohortTable, CostTable
from optimizer.planning.stages.unknown_channels import unknown_channels

__all__ = ["read_costs", "read_values"]


def read_values(config: Config, table: CohortTable, folder: Path, known: Iterable[str]) -> CustomerValues:
    """What customers of each channel are worth.

    Parameters
    ----------
    config
        The plan file; its ``economics`` says how margin becomes value.
    table
        What the plan file says of the cohorts.
    folder
        Where relative paths start.
    known
        Channels of the weekly table; none where there is no table to hold the names against.

    Raises
    ------
    BadInput
        Every problem of the table, channels that the plan does not know, customers worth less than nothing.
    """
    source = table.path if isinstance(table.path, Query) else folder / table.path
    cohorts = read_cohorts(
        source,
        table.columns,
        months=table.months,
        negative_margins=table.negative_margins,
        format=table.format,
        engine=config.engine.engine,
    )
    name, names = table.path.name, [*known, ORGANIC]
    named = cohorts.channels if len(names) > 1 else ()
    problems = list(unknown_channels(named, names, name, table.channel))
    if cohorts.currency not in (None, config.currency):
        text = f"is {cohorts.currency}, and the plan file counts in {config.currency}."
        remedy = "convert the margins at the source."
        problems.append(Problem(name, text, table.currency, remedy=remedy))
    if problems:
        raise BadInput(problems)
    keys = config.economics
    terms = Terms(keys.horizon, keys.discount_rate, keys.margin)
    try:
        values = customer_values(cohorts, terms, seed=config.seed)
    except BadInput as error:
        raise BadInput([_of_file(problem, name) for problem in error.problems]) from None
    negative = [channel for channel in (*cohorts.channels, "") if values.value(channel).mean() < 0]
    if negative:
        text = f"makes a customer of {', '.join(negative)} worth less than nothing over {keys.horizon} months."
        remedy = "correct the margins, or leave such a channel out of the plan with fixed: 0 and of this table."
        raise BadInput(Problem(name, text, table.margin, remedy=remedy))
    return values


def _of_file(problem: Problem | str, name: str) -> Problem | str:
    if isinstance(problem, str):
        return problem
    remedy = problem.remedy.replace("state the margin of an active customer and period", "state economics.margin")
    text = problem.text.replace("a margin is stated", "economics.margin is stated")
    return Problem(name, text, problem.column, problem.row, remedy)


def read_costs(
    table: CostTable, folder: Path, engine: Engine | None = None, channels: Iterable[str] = ()
) -> pd.DataFrame:
    """Costs of acquisition beside media: ``month`` (its first day), ``kind`` and ``cost`` in currency.

    Raises
    ------
    BadInput
        Every problem of the table; a kind that is one of the channels, whose spend counts already.
    """
    names = {"month": table.month, "kind": table.kind, "cost": table.cost}
    source = table.path if isinstance(table.path, Query) else folder / table.path
    frame = read_table(source, renamed(COSTS, table.path.name, names), table.format, engine)
    frame = frame.rename(columns={own: name for name, own in names.items()})[list(names)]
    month = pd.DatetimeIndex(frame["month"]).tz_localize(None).to_period("M").to_timestamp()
    frame = frame.assign(month=month, kind=frame["kind"].astype(str), cost=frame["cost"].astype(float))
    if (repeated := frame.duplicated(["month", "kind"])).any():
        first = frame[repeated].iloc[0]
        text = f"has several rows of {first['kind']} in {first['month']:%Y-%m}."
        raise BadInput(Problem(table.path.name, text, table.month, remedy="sum them at the source."))
    media = {folded(name) for name in channels}
    if twice := [kind for kind in frame["kind"].unique() if folded(kind) in media]:
        text = f"holds {', '.join(map(repr, twice[:5]))}, whose spend counts as a channel already."
        remedy = "leave media out here: these are the costs beside it."
        raise BadInput(Problem(table.path.name, text, table.kind, remedy=remedy))
    for name in totals_among(frame["kind"], frame["cost"]):
        text = f"holds {name!r} with as much cost as all other kinds: rows of totals."
        raise BadInput(
            Problem(table.path.name, text, table.kind, remedy="delete them; or rename the kind if it is one.")
        )
    return frame

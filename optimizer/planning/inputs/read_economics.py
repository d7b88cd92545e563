"""Cohorts and orders of a plan file, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from attribution.economics import (
    Cohorts,
    CustomerOrders,
    CustomerValues,
    Terms,
    cohorts_of_orders,
    customer_values,
    read_cohorts,
    read_customer_orders,
)
from attribution.economics.retention import ELSEWHERE
from attribution.errors import BadInput, Problem
from attribution.numbers import counted
from mmm.model.model import ORGANIC
from optimizer.planning.file.config import Config
from optimizer.planning.file.keys.economics import CohortTable, OrdersTable
from optimizer.planning.inputs.other_currency import other_currency
from optimizer.planning.inputs.people import people_of, source_of
from optimizer.planning.inputs.unknown_channels import unknown_channels

__all__ = ["read_cohort_table", "read_orders", "values_of"]


def read_cohort_table(config: Config, table: CohortTable, folder: Path, known: Iterable[str]) -> Cohorts:
    """Cohorts of a plan file.

    Parameters
    ----------
    config
        The plan file.
    table
        What the plan file says of the cohorts.
    folder
        Where relative paths start.
    known
        Channels of the weekly table; none where there is no table to hold the names against.

    Raises
    ------
    BadInput
        Every problem of the table, and channels that the plan does not know.
    """
    cohorts = read_cohorts(
        source_of(table.path, folder),
        table.columns,
        months=table.months,
        negative_margins=table.negative_margins,
        format=table.format,
        engine=config.engine.engine,
    )
    problems = list(_unknown(cohorts, known, table.path.name, table.channel))
    problems += other_currency([cohorts.currency], config.currency, table.path.name, table.currency)
    if problems:
        raise BadInput(problems)
    return cohorts


def read_orders(
    config: Config, table: OrdersTable, folder: Path, known: Iterable[str]
) -> tuple[Cohorts, CustomerOrders]:
    """Cohorts of a plan file's orders, and these; parameters are those of :func:`read_cohort_table`.

    Raises
    ------
    BadInput
        As :func:`read_cohort_table`; and an identity map of the table's own that holds none of its customers.
    """
    people = _people(config, table, folder)
    orders = read_customer_orders(
        source_of(table.path, folder),
        table.columns,
        margin_rate=table.margin_rate,
        people=people,
        channels=table.channels,
        format=table.format,
        engine=config.engine.engine,
    )
    name = table.path.name
    if people and table.identity is not None and not set(people.values()) & set(orders.frame["customer"]):
        text = "holds no customer of the identity map."
        raise BadInput(Problem(name, text, table.customer, remedy="write ids alike, or leave the map out."))
    orders = orders.since(None if table.new_since is None else pd.Timestamp(f"{table.new_since}-01"))
    cohorts = cohorts_of_orders(orders, table.silence)
    problems = list(_unknown(cohorts, known, name, table.channel)) if orders.has_channels else []
    problems += other_currency([orders.currency], config.currency, name, table.currency)
    if problems:
        raise BadInput(problems)
    return cohorts, orders


def values_of(config: Config, cohorts: Cohorts, table: CohortTable | OrdersTable) -> CustomerValues:
    """What customers of each channel are worth by ``economics``.

    Raises
    ------
    BadInput
        Margins that are missing or stated twice, customers worth less than nothing.
    """
    keys, name = config.economics, table.path.name
    terms = Terms(keys.horizon, keys.discount_rate, keys.margin)
    try:
        values = customer_values(cohorts, terms, seed=config.seed)
    except BadInput as error:
        raise BadInput([_of_file(problem, name) for problem in error.problems]) from None
    below = [channel for channel in cohorts.channels if values.value(channel).mean() < 0]
    negative = below or (["a channel without cohorts"] if values.value(ELSEWHERE).mean() < 0 else [])
    if negative:
        span = counted(keys.horizon, "month")
        text = f"makes a customer of {', '.join(negative)} worth less than nothing over {span}."
        remedy = "correct the margins, or leave such a channel out of the plan with fixed: 0 and of this table."
        column = table.margin or (table.value if isinstance(table, OrdersTable) else None)
        raise BadInput(Problem(name, text, column, remedy=remedy))
    return values


def _people(config: Config, table: OrdersTable, folder: Path) -> dict[str, str] | None:
    """Id -> customer, by the table's own map or that of the log."""
    log = config.data.touchpoints
    identity = table.identity or (None if log is None else log.identity)
    return None if identity is None else people_of(identity, folder, config.engine.engine)


def _unknown(cohorts: Cohorts, known: Iterable[str], name: str, column: str | None) -> Iterator[Problem]:
    """Channels that the weekly table does not have, where there is one."""
    names = [*known, ORGANIC]
    yield from unknown_channels(cohorts.channels if len(names) > 1 else (), names, name, column)


def _of_file(problem: Problem | str, name: str) -> Problem | str:
    if isinstance(problem, str):
        return problem
    remedy = problem.remedy.replace("state the margin of an active customer and period", "state economics.margin")
    remedy = remedy.replace("state a horizon of", "state an economics.horizon of")
    text = problem.text.replace("a margin is stated", "economics.margin is stated")
    return Problem(name, text, problem.column, problem.row, remedy)

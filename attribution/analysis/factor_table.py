"""Factors as a table: what a run writes for later reports, and how it is read again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from attribution.analysis.calibration import Factor
from attribution.errors import BadInput, Problem
from attribution.estimates import Estimate
from attribution.reading.contracts import Column, Table
from attribution.reading.engine import Engine
from attribution.reading.small import read_table

__all__ = ["factor_columns", "read_factors"]

_SIDES = ("effect", "credit")
_FACTORS = Table(
    "factors",
    (
        Column("model", "text"),
        Column("channel", "text"),
        *(Column(f"{side}{end}") for side in _SIDES for end in ("", "_low", "_high")),
        Column("source", "text"),
        Column("until", "date"),
    ),
    key=("model", "channel"),
)


def factor_columns(factor: Factor) -> dict[str, object]:
    """What a table has to hold of a factor for :func:`read_factors`."""
    sides = factor.effect.flat("effect") | factor.credit.flat("credit")
    return {"model": factor.model, "channel": factor.channel, **sides, "source": factor.source, "until": factor.until}


def read_factors(source: object, engine: Engine | None = None) -> tuple[Factor, ...]:
    """Factors of a file, such as the ``calibration.csv`` of a run.

    Parameters
    ----------
    source
        A frame, or a file or query as :func:`attribution.read_table` takes it, with columns ``model``, ``channel``,
        ``effect`` and ``credit`` with ``_low`` and ``_high``, ``source`` and ``until``.
    engine
        Settings of DuckDB.

    Raises
    ------
    BadInput
        Every problem of the table, with its row.
    """
    frame = read_table(source, _FACTORS, engine=engine)
    name = _FACTORS.name if isinstance(source, pd.DataFrame) else str(source).rpartition("/")[2]
    return tuple(_factors(frame, replace(_FACTORS, name=name)))


def _factors(frame: pd.DataFrame, table: Table) -> Iterable[Factor]:
    factors, problems = [], list[Problem]()
    tomorrow = pd.Timestamp.now("UTC").tz_localize(None) + pd.Timedelta(days=1)
    for row, line in enumerate(frame.to_dict("records")):
        sides = {side: Estimate(*(float(line[f"{side}{end}"]) for end in ("", "_low", "_high"))) for side in _SIDES}
        words, until = [str(line[name]) for name in ("model", "channel", "source")], line["until"].date()
        if line["until"] > tomorrow:
            text = f"lies in the future: {until}; a factor of it would never be old."
            at = f"row {row + table.first_row}"
            problems.append(Problem(table.name, text, "until", at, "give the last day of what was measured."))
        try:
            factors.append(Factor(words[0], words[1], sides["effect"], sides["credit"], words[2], until))
        except BadInput as error:
            at = f"row {row + table.first_row}"
            problems += [
                replace(problem, table=table.name, row=at) for problem in error.problems if isinstance(problem, Problem)
            ]
    if problems:
        raise BadInput(problems)
    return factors

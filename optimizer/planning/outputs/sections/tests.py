"""What to test next: what a lift test of each channel would be worth to the plan."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from attribution.numbers import count, counted, percent
from optimizer.planning.outputs.sections.section import Section, Table
from optimizer.planning.stages.result import Run

__all__ = ["TESTS"]

_WORTH = 1e-4  # of all customers


def _view(run: Run) -> dict[str, Any] | None:
    result, outcome = run.tests, run.config.outcome
    if result is None:
        return None
    table = result.table
    expected = run.plan.planned.expected_customers if run.plan is not None else 0.0
    measured = (
        f"A test changes a channel's spend for {counted(result.weeks, 'week')} and measures the {outcome} that makes, "
        "with a "
        f"standard error of {count(result.standard_error)}."
    )
    worth = (
        f"Knowing its result before the money is spent would let the coming plan win the {outcome} shown, in "
        "expectation over what the test may say"
    )
    if float(table["value"].iloc[0]) >= _WORTH * expected:
        worth += f"; a test of {table.index[0]} is worth most."
    else:
        worth += ": next to nothing for any channel. Whatever a test said, much the same plan would be made."
    rows = [
        {
            "channel": channel,
            "test": "off" if line["change"] == -1 else percent(line["change"], signed=True),
            "effect": f"{count(line['effect'])} ± {count(line['effect_sd'])}",
            "value": count(line["value"]),
            "of_perfect": percent(line["of_perfect"]),
        }
        for channel, line in table.iterrows()
    ]
    command = design_command(run, str(table.index[0]))
    left = ", ".join(result.unweighed)
    return {"tests": {"measured": measured, "worth": worth, "rows": rows, "command": command, "left": left}}


def design_command(run: Run, channel: str) -> str:
    """What to type for a design of a channel's test; of those worth most where markets are compared."""
    named = [] if run.by_market else ["--channel", channel]
    return shlex.join(["cac", "test", "design", run.document.path.name, *named])


def _tables(run: Run) -> Iterator[Table]:
    if run.tests is not None:
        yield Table("tests.csv", run.tests.table.reset_index())


TESTS = Section("tests", "What to test next", _view, tables=_tables)

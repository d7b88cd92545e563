"""What changed since last time: figures before and now, the parts of their change, and whether to switch plans."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from optimizer.cycle.belief import ALL
from optimizer.cycle.refresh import Moved, Movement
from optimizer.planning.outputs.changes_in_words import lines, written
from optimizer.planning.outputs.sections.section import Section, Table
from optimizer.planning.stages.result import Changes, Run

__all__ = ["CHANGES"]

_BLOCKS = ("planned_share", "cac", "marginal_cac")
_NAMED = 8  # rows as before, by name


def _view(run: Run) -> dict[str, Any] | None:
    changes = run.changes
    if changes is None:
        return None
    moved = changes.moved
    blocks = [] if moved is None else list(_blocks(moved, changes, run))
    return {
        "sentences": list(lines(changes, run)),
        "divided": changes.divided,
        "parts": [] if moved is None or not changes.divided else [part[:1].upper() + part[1:] for part in moved.parts],
        "blocks": [block for block in blocks if block["rows"]],
        "as_before": [block["title"] for block in blocks if not block["rows"]],
    }


def _blocks(moved: Moved, changes: Changes, run: Run) -> Iterator[dict[str, Any]]:
    """Rows that moved, a table each, and the names of those that did not."""
    currency, outcome = run.config.currency, run.config.outcome
    titles = {
        "planned_share": "Share of the planned spend",
        "cac": f"CAC at today's spend, {currency}",
        "marginal_cac": f"Marginal CAC at today's spend, {currency}",
    }
    totals = {
        "planned_spend": f"Planned spend, {currency}",
        "customers": f"New {outcome} at today's spend, organic ones included",
        "blended_cac": f"Blended CAC at today's spend, {currency}",
    }
    named = [("All channels", [(totals[one.figure], one) for one in moved.rows if one.channel == ALL])]
    named += [(titles[name], [(one.channel, one) for one in moved.of(name) if one.channel != ALL]) for name in _BLOCKS]
    for title, rows in named:
        if rows:
            still = [label for label, one in rows if not _has_moved(one, changes)]
            told = [_row(one, label, moved, changes) for label, one in rows if label not in still]
            errors = any(row["error"] for row in told)
            yield {
                "title": title,
                "rows": told,
                "errors": errors,
                "still": still[:_NAMED],
                "more": max(len(still) - _NAMED, 0),
            }


def _has_moved(one: Movement, changes: Changes) -> bool:
    """Whether a row has a change, or a part of one, that is written and more than drawing again would bring."""
    known = [one.change, *(one.parts.values() if changes.divided else ())]
    return any(_part(one, value) and not abs(value) <= one.error for value in known)


def _row(one: Movement, label: str, moved: Moved, changes: Changes) -> dict[str, Any]:
    error = written(one.figure, one.error)
    return {
        "label": label,
        "old": written(one.figure, one.old.point),
        "new": written(one.figure, one.new.point),
        "change": _part(one, one.change),
        "parts": [_part(one, one.parts.get(part, 0.0)) for part in moved.parts] if changes.divided else [],
        "error": f"± {error}" if any(digit in error for digit in "123456789") else "",
        "is_noise": bool(one.change) and one.is_noise,
    }


def _part(one: Movement, value: float) -> str:
    """A change as a cell has it; empty where it is none."""
    scale = 1e-9 * max(abs(one.old.point), abs(one.new.point))
    text = written(one.figure, value)
    if abs(value) <= scale or not any(digit in text for digit in "123456789"):
        return ""
    return f"+{text}" if value > 0 else text


def _tables(run: Run) -> Iterator[Table]:
    if run.changes is None or run.changes.moved is None:
        return
    frame = run.changes.moved.to_frame()
    if len(frame):
        yield Table("changes.csv", _with_plan(frame, run.changes))


def _with_plan(frame: pd.DataFrame, changes: Changes) -> pd.DataFrame:
    """The rows with the name of the run that they are held against."""
    frame.insert(0, "since", changes.since)
    return frame


CHANGES = Section("changes", "What changed since last time", _view, tables=_tables)

"""The stage of the last weeks: the model fitted again without them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mmm
from optimizer.planning.file.config import Config
from optimizer.planning.file.document import Document
from optimizer.planning.inputs.inputs import Inputs
from optimizer.planning.stages.fit import kept_or_made
from optimizer.planning.stages.progress import Update

__all__ = ["cannot_leave_out", "without_last_weeks"]


def without_last_weeks(
    config: Config, inputs: Inputs, folder: Path, posterior: mmm.Posterior, update: Update
) -> mmm.LastWeeks:
    """The fits without the weeks that the plan file names, kept in the output folder as the model's own is."""

    def through(weeks: int, make: Callable[[], mmm.Posterior]) -> mmm.Posterior:
        return kept_or_made(config, inputs, folder, f"without the last {weeks} weeks", make)

    return mmm.without_last(posterior, config.model.without_last, update, through=through)


def cannot_leave_out(config: Config, document: Document, panel: mmm.Panel) -> list[str]:
    """What of ``model.without_last`` the weekly table does not allow."""
    wanted, there = config.model.without_last, panel.periods // panel.per_week
    if not wanted:
        return []
    if len(panel.geos) > 1:
        text = "is for a table without markets. Take it out, or sum the markets to one table and run cac fit on it."
        return [document.error(("model", "without_last"), text)]
    if there - max(wanted) >= 52:
        return []
    left, most = max(there - max(wanted), 0), max(there - 52, 0)
    text = f"leaves {left} of {there} weeks, and a fit takes a year: {most} is the most."
    return [document.error(("model", "without_last"), text)]

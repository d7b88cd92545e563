"""The check: a plan file and its tables held to what a run asks of them, without sampling."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from optimizer.planning.file.config import read_config
from optimizer.planning.file.sources import sources_of
from optimizer.planning.ledger.place import require_place

if TYPE_CHECKING:
    from optimizer.planning.stages.understood import Understood

__all__ = ["check_plan"]


def check_plan(path: Path | str) -> Understood:
    """Validate a plan file and its tables as a run does before it samples; the result says what was understood.

    What each step needs is loaded once the step before has refused nothing, so that a refusal comes at once.

    Raises
    ------
    BadInput
        Every problem of the file, then of all tables, then of what is asked of them.
    InfeasiblePlan
        Limits on spend that exclude each other.
    """
    config, document = read_config(path)
    require_place(document.folder / config.output, [document.path, *sources_of(config, document.folder)])
    from optimizer.planning.inputs.inputs import read_inputs

    inputs = read_inputs(config, document)
    from optimizer.planning.stages.ready import ready
    from optimizer.planning.stages.understood import understood

    return understood(config, inputs, ready(config, document, inputs))

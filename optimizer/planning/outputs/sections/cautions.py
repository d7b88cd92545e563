"""What a reader must know before acting on the report."""

from __future__ import annotations

from typing import Any

from mmm.posterior.fit_checks import GATE
from optimizer.planning.outputs.doubts import NOT_CONVERGED, failed
from optimizer.planning.outputs.sections.section import Section
from optimizer.planning.stages.result import Run

__all__ = ["CAUTIONS"]


def _view(run: Run) -> dict[str, Any] | None:
    texts = [] if run.converged else [NOT_CONVERGED]
    texts += [finding.text for finding in failed(run) if finding.name not in GATE]
    texts += run.inputs.assumptions
    return {"cautions": texts} if texts else None


CAUTIONS = Section("cautions", "", _view)

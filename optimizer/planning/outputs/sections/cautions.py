"""What a reader must know before acting on the report."""

from __future__ import annotations

from typing import Any

from attribution.findings import Finding
from mmm.posterior.fit_checks import GATE
from optimizer.planning.outputs.sections.section import Section
from optimizer.planning.stages.result import Run
from optimizer.planning.stages.riders import RIDER_IN_LOG

__all__ = ["CAUTIONS", "doubts"]


def doubts(run: Run) -> list[Finding]:
    """Findings that did not pass, but for the log's on a channel that is held: the hold gives them as its reason."""
    held = {one.channel for one in run.plan.held} if run.plan is not None else set()
    return [
        finding
        for finding in run.findings
        if not finding.passed and not (finding.name.startswith(RIDER_IN_LOG) and held.issuperset(finding.channels))
    ]


def _view(run: Run) -> dict[str, Any] | None:
    texts = (
        []
        if run.converged
        else ["The mix model did NOT converge; this plan was made because the plan file accepts that."]
    )
    texts += [finding.text for finding in doubts(run) if finding.name not in GATE]
    texts += run.inputs.assumptions
    return {"cautions": texts} if texts else None


CAUTIONS = Section("cautions", "", _view)

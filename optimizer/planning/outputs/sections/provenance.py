"""Inputs and provenance: which files, which model, which versions."""

from __future__ import annotations

from typing import Any

import mmm
from attribution.estimates import Estimate
from attribution.numbers import count, counted, seconds
from optimizer.planning.inputs.provenance import versions
from optimizer.planning.outputs.sections.section import Section
from optimizer.planning.stages.model import first_draws
from optimizer.planning.stages.question import cases
from optimizer.planning.stages.result import Run

__all__ = ["PROVENANCE"]


def _view(run: Run) -> dict[str, Any]:
    attributing = run.config.attribution
    facts = [("Plan file", run.document.path.name), ("Seed", str(run.config.seed))]
    if run.inputs.passed_over:
        facts.append(("Passed over", " ".join(run.inputs.passed_over)))
    if run.posterior is not None:
        facts.append(("Mix model", _model(run, run.posterior.panel)))
    if run.plan is not None:
        facts.append(("Solver", f"{run.plan.allocation.engine}; {run.plan.allocation.status.value}"))
        made_for = cases(run.config.plan)
        if made_for:
            facts.append(("Made for", f"its {run.plan.aim.name} {made_for}"))
        carried = Estimate.of(run.plan.organic.carried_in).written(count)
        text = (
            f"{carried} {run.config.outcome} from spend before the horizon come whatever the plan. They are not "
            "counted, as the plan's own carryover beyond the horizon is."
        )
        facts.append(("Carried in", text))
    if run.attribution is not None:
        text = f"lookback {attributing.lookback}, {attributing.replicates} bootstrap replicates"
        facts.append(("Attribution", text))
    facts.append(("Time taken", ", ".join(f"{name.lower()} {seconds(taken)}" for name, taken in run.seconds.items())))
    shown = {name: text for name, text in versions().items() if "loaded" not in name}
    facts.append(("Versions", ", ".join(f"{name} {text}" for name, text in shown.items())))
    return {"inputs": run.inputs.files, "provenance": facts}


def _model(run: Run, panel: mmm.Panel) -> str:
    model = run.config.model
    text = (
        f"{model.saturation} saturation, {model.adstock} adstock over {counted(model.lags, 'week')}, {model.trend} "
        f"trend, season of order {model.season.order}, {model.likelihood} noise, {model.chains} chains of "
        f"{first_draws(run.config, panel)} draws"
    ).replace("_", " ")
    if model.channels:
        text += f"; families of their own: {', '.join(model.channels)}"
    if run.inputs.lift_tests:
        text += f"; {counted(len(run.inputs.lift_tests), 'lift test')}"
    return text


PROVENANCE = Section("provenance", "Inputs and provenance", _view)

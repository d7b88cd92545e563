"""The fitting stage: sample the mix model, or take up the fit of an earlier run on the same inputs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import mmm
from attribution.errors import BadInput, NotConverged
from attribution.findings import Finding
from optimizer.planning.assemble import mix_model
from optimizer.planning.config import Config
from optimizer.planning.inputs import Inputs
from optimizer.planning.outputs import POSTERIOR
from optimizer.planning.progress import Update
from optimizer.planning.provenance import versions

__all__ = ["fit_or_load", "require_convergence"]


def fit_or_load(config: Config, inputs: Inputs, folder: Path, update: Update) -> mmm.Posterior | None:
    """The posterior of the weekly panel; None without one.

    A fit is written to ``posterior.nc`` in the output folder as soon as it is there, so that a run that is cut off
    later, or asked another question, need not sample again.
    """
    if inputs.panel is None:
        return None
    key = _fingerprint(config, inputs)
    path = folder / POSTERIOR
    kept = _kept(path, key)
    if kept is not None:
        update(1.0, "taken from an earlier run on the same inputs")
        return kept
    section = config.model

    def watch(state: mmm.Progress) -> None:
        again = f", attempt {state.attempt}" if state.attempt > 1 else ""
        update(state.share, f"{len(state.chains)} chains, {state.divergences} divergences{again}")

    posterior = mmm.fit(
        inputs.panel,
        mix_model(section),
        draws=section.draws,
        tune=section.tune,
        chains=section.chains,
        seed=config.seed,
        progress=watch,
        time_budget=section.time_budget,
    )
    posterior = replace(posterior, information={**posterior.information, "fingerprint": key})
    folder.mkdir(parents=True, exist_ok=True)
    posterior.save(path)
    return posterior


def _fingerprint(config: Config, inputs: Inputs) -> str:
    """What the fit depends on; a change of anything here calls for a new one."""
    weekly = config.data.weekly
    parts = {
        "weekly": weekly.model_dump(mode="json") if weekly else None,
        "bytes": [file.checksum for file in inputs.files if file.role.startswith("weekly")],
        "model": config.model.model_dump(mode="json", exclude={"accept_unconverged"}),
        "seed": config.seed,
        "versions": {name: text for name, text in versions().items() if "loaded" not in name},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _kept(path: Path, key: str) -> mmm.Posterior | None:
    if not path.exists():
        return None
    try:
        posterior = mmm.Posterior.load(path)
    except BadInput:  # damaged or of another version: sampling again replaces it
        return None
    return posterior if posterior.information.get("fingerprint") == key else None


def require_convergence(posterior: mmm.Posterior | None, accept: bool) -> None:
    """Stop a run whose fit may not be used.

    Raises
    ------
    NotConverged
        Where the gate failed and the plan file does not accept that explicitly.
    """
    if posterior is None or posterior.converged or accept:
        return
    failed = [_sentence(finding) for finding in posterior.verdict if not finding.passed and finding.name in GATE]
    raise NotConverged(
        "The mix model did not converge, so there is no plan.\n"
        + "\n".join(failed)
        + "\nRemedy: raise model.time_budget, or simplify the model (fewer channels, controls or harmonics, shorter "
        "lags). To use the fit all the same, set model.accept_unconverged: true; every output will say so."
    )


GATE = ("r_hat", "ess_bulk", "ess_tail", "divergences")


def _sentence(finding: Finding) -> str:
    return f"  {finding.name}: {finding.text}"

"""The fitting stage: sample the mix model, or take up the fit of an earlier run on the same inputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import mmm
from attribution.errors import BadInput, NotConverged
from attribution.findings import Finding
from attribution.numbers import counted, decimal
from mmm.posterior.fit_checks import GATE
from optimizer.planning.file.config import Config
from optimizer.planning.inputs.inputs import Inputs
from optimizer.planning.inputs.provenance import versions
from optimizer.planning.ledger.place import made
from optimizer.planning.ledger.runs import FITS
from optimizer.planning.stages.model import mix_model, neutral
from optimizer.planning.stages.progress import Update

__all__ = ["NEUTRAL", "POSTERIOR", "fit_neutral", "fit_or_load", "kept_or_made", "require_convergence"]

POSTERIOR = "posterior.nc"
NEUTRAL = "posterior_neutral.nc"


def fit_or_load(config: Config, inputs: Inputs, folder: Path, update: Update) -> mmm.Posterior | None:
    """The posterior of the weekly panel; None without one.

    A fit is kept in the output folder under its fingerprint as soon as it is there, so that a run that is cut off
    later, or asked another question, need not sample again.
    """
    if inputs.panel is None:
        return None
    return _fitted(config, inputs, inputs.panel, folder, POSTERIOR, update)


def fit_neutral(config: Config, inputs: Inputs, folder: Path, update: Update) -> mmm.Posterior | None:
    """The posterior of the same model believing alike of every channel; None where the plan file does not want it."""
    if inputs.panel is None or not config.model.sensitivity:
        return None
    return _fitted(config, inputs, inputs.panel, folder, NEUTRAL, update)


def kept_or_made(
    config: Config, inputs: Inputs, folder: Path, name: str, make: Callable[[], mmm.Posterior]
) -> mmm.Posterior:
    """The fit of that name on these inputs: the one that an earlier run kept, or a new one, kept for later runs."""
    key = _fingerprint(config, inputs, name)
    path = folder / FITS / f"{key}.nc"
    kept = _kept(path, key)
    if kept is not None:
        return kept
    new = make()
    posterior = replace(new, information={**new.information, "fingerprint": key})
    with made(path.parent):
        posterior.save(path)
    return posterior


def _fitted(config: Config, inputs: Inputs, panel: mmm.Panel, folder: Path, name: str, update: Update) -> mmm.Posterior:
    sampled = False

    def watch(state: mmm.Progress) -> None:
        again = f", attempt {state.attempt}" if state.attempt > 1 else ""
        if 1 <= state.remaining < float("inf"):  # one hole of the sentence: of two side by side no language is known
            left = decimal(state.remaining, 0)
            again = f", {left} s left, attempt {state.attempt}" if state.attempt > 1 else f", {left} s left"
        update(state.share, f"{counted(len(state.chains), 'chain')}, {state.divergences} divergences{again}")

    def make() -> mmm.Posterior:
        nonlocal sampled
        sampled, section, model = True, config.model, mix_model(config, inputs)
        return mmm.fit(
            panel,
            neutral(config, model) if name == NEUTRAL else model,
            draws=section.draws,
            tune=section.tune,
            chains=section.chains,
            seed=config.seed,
            progress=watch,
            time_budget=section.time_budget,
        )

    posterior = kept_or_made(config, inputs, folder, name, make)
    if not sampled:
        update(1.0, "taken from an earlier run on the same inputs")
    return posterior


_EXPORTS = {"spend", "outcome", "controls", "week_starts", "partial_weeks", "begins", "ends"}


def _fingerprint(config: Config, inputs: Inputs, name: str) -> str:
    """What a fit depends on; a change of anything here calls for a new one."""
    weekly, believed = config.data.weekly, config.model.belief.attribution
    roles = ("weekly", "lift tests", *(("touchpoints", "conversions", "identity", "conversion paths") * bool(believed)))
    parts = {
        "name": name,
        "weekly": weekly.model_dump(mode="json") if weekly else None,
        **({"assembled": _assembled(config)} if config.data.assembled else {}),
        "rates": {code: config.rates.rate(code) for code in weekly.currency_of.values()} if weekly else None,
        "bytes": [file.checksum for file in inputs.files if file.role.startswith(roles)],
        "model": config.model.model_dump(
            mode="json", exclude={"accept_unconverged", "sensitivity", "rivals", "without_last"}
        ),
        "attribution": config.attribution.model_dump(mode="json") if believed else None,
        "seed": config.seed,
        "versions": {name: text for name, text in versions().items() if "loaded" not in name},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _assembled(config: Config) -> dict[str, Any]:
    return {
        "currency": config.currency,
        "currencies": config.currencies,
        **config.data.model_dump(mode="json", include=_EXPORTS),
    }


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


def _sentence(finding: Finding) -> str:
    return f"  {finding.name}: {finding.text}"

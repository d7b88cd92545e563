"""fit_many: many models, a folder each, by any backend of joblib, taken up again where they were left."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from attribution.errors import BadInput, CacError, Problem, UnknownName
from attribution.files import write_whole
from attribution.shown import shown
from mmm.data.panel import Panel
from mmm.model.model import Model
from mmm.posterior.encoding import encode
from mmm.posterior.fit_checks import GATE
from mmm.posterior.posterior import Posterior
from mmm.posterior.storage import versions
from mmm.sampling.fit import first_run, fit
from mmm.sampling.nuts import Settings

__all__ = ["FitFailed", "Fits", "fit_many"]

_POSTERIOR, _VERDICT = "posterior.nc", "verdict.json"


class FitFailed(CacError):
    """A model among many that could not be fitted; the text lists each with its reason."""


@shown
@dataclass(frozen=True, eq=False)
class Fits(Mapping[str, Posterior]):
    """Posteriors in a folder, read when they are asked for.

    Parameters
    ----------
    folder
        Where they are: a folder for each, named as the fit.
    table
        One row per fit: ``status`` (fitted, kept from an earlier run, failed), ``converged``, the gate's figures
        ``r_hat``, ``ess_bulk``, ``ess_tail`` and ``divergences``, ``seconds``, and ``problem`` where it failed.
    """

    folder: Path
    table: pd.DataFrame

    @property
    def failures(self) -> dict[str, str]:
        """What stopped the fits that failed, by name."""
        failed = self.table[self.table["status"] == "failed"]
        return {str(name): str(text) for name, text in failed["problem"].items()}

    def checked(self) -> Fits:
        """These fits, where none failed.

        Raises
        ------
        FitFailed
            Names every fit that failed, with its reason.
        """
        if self.failures:
            listed = "\n".join(f"{name}: {text}" for name, text in self.failures.items())
            raise FitFailed(f"{len(self.failures)} of {len(self.table)} fits failed.\n{listed}")
        return self

    def __getitem__(self, name: str) -> Posterior:
        if name not in self.table.index:
            raise UnknownName(name, self.table.index, "the fits")
        if name in self.failures:
            raise FitFailed(f"{name}: {self.failures[name]}")
        return Posterior.load(self.folder / _folder_name(name) / _POSTERIOR)

    def __iter__(self) -> Iterator[str]:
        return (str(name) for name in self.table.index)

    def __len__(self) -> int:
        return len(self.table)


@dataclass(frozen=True, eq=False)
class _Job:
    """One fit to be made: picklable, so that it may travel to another process or machine."""

    name: str
    panel: Panel
    model: Model
    settings: Settings
    folder: Path


def fit_many(
    jobs: Mapping[str, tuple[Panel, Model | None]],
    folder: str | os.PathLike[str],
    draws: int | None = None,
    tune: int | None = None,
    chains: int = 4,
    seed: int = 0,
    workers: int = 1,
) -> Fits:
    """Fit many models: brands, markets, variants, folds.

    Every fit gets a folder with ``posterior.nc`` and ``verdict.json``. A fit that is there with the same fingerprint
    (panel, model, settings, seed, versions) is kept, so that a run that was stopped goes on where it was. One that
    fails leaves the others alone and stands in the result with its reason.

    joblib runs them, by loky processes unless told otherwise: inside ``joblib.parallel_config("dask")`` they go to the
    workers of a Dask cluster, which must see the folder.

    Parameters
    ----------
    jobs
        Name -> panel and model, None for the default one.
    folder
        Of all fits; made where it is missing.
    draws, tune, chains, seed
        As in :func:`mmm.fit`.
    workers
        Fits at a time. One fit alone uses as many cores as it has chains, so more pay off from twice that many cores.

    Raises
    ------
    BadInput
        Where there is nothing to fit, or two names give one folder.
    """
    from joblib import Parallel, delayed

    home = Path(folder)
    _check_names(jobs)
    work = [
        _Job(
            name,
            panel,
            Model() if model is None else model,
            first_run(panel, draws, tune, chains, seed),
            home / _folder_name(name),
        )
        for name, (panel, model) in jobs.items()
    ]
    home.mkdir(parents=True, exist_ok=True)
    verdicts = Parallel(n_jobs=workers)(delayed(_done)(job) for job in work)
    table = pd.DataFrame(verdicts, index=pd.Index([job.name for job in work], name="fit"))
    return Fits(home, table)


def _check_names(jobs: Mapping[str, tuple[Panel, Model | None]]) -> None:
    if not jobs:
        raise BadInput(Problem("fit_many", "was given nothing to fit.", remedy="name at least one panel and model."))
    places: dict[str, str] = {}
    for name in jobs:
        folder = _folder_name(name).casefold()  # some file systems ignore case
        if not folder or folder in places:
            text = f"has no name to stand in a folder: {name!r}" if not folder else f"{name!r} and {places[folder]!r}"
            text += "." if not folder else " would share a folder."
            raise BadInput(Problem("fit_many", text, remedy="give names that differ by more than case."))
        places[folder] = name


def _folder_name(name: str) -> str:
    return quote(str(name), safe=" @+=,()").replace(".", "%2E")


def _done(job: _Job) -> dict[str, Any]:
    """One fit's row of the table, whatever happens to it."""
    key = _fingerprint(job)
    kept = _kept(job.folder / _POSTERIOR, key)
    if kept is not None:
        return {"status": "kept", **_verdict(kept)}
    began = time.monotonic()
    try:
        posterior = _fitted(job, key)
    except Exception as trouble:  # any failure of one fit is a row of the table, not the end of the others
        text = str(trouble) if isinstance(trouble, CacError) else f"{type(trouble).__name__}: {trouble}"
        row: dict[str, Any] = {"status": "failed", "converged": False, **dict.fromkeys(GATE, np.nan)}
        return row | {"seconds": time.monotonic() - began, "problem": text}
    return {"status": "fitted", **_verdict(posterior)}


def _fitted(job: _Job, key: str) -> Posterior:
    began, settings = time.monotonic(), job.settings
    posterior = fit(job.panel, job.model, settings.draws, settings.tune, settings.chains, settings.seed)
    record = {"fingerprint": key, "seconds": time.monotonic() - began}
    posterior = replace(posterior, information={**posterior.information, **record})
    job.folder.mkdir(parents=True, exist_ok=True)
    posterior.save(job.folder / _POSTERIOR)
    findings = [asdict(finding) for finding in posterior.verdict]
    write_whole(job.folder / _VERDICT, json.dumps({**_verdict(posterior), "findings": findings}, indent=2))
    return posterior


def _verdict(posterior: Posterior) -> dict[str, Any]:
    values = {finding.name: finding.value for finding in posterior.verdict}
    gate = {name: values.get(name) for name in GATE}
    return {"converged": posterior.converged, **gate, "seconds": posterior.information["seconds"], "problem": ""}


def _kept(path: Path, key: str) -> Posterior | None:
    """The posterior that is there, whole and of this fingerprint; else None."""
    try:
        posterior = Posterior.load(path)
    except BadInput:  # none, damaged or of another version: a fresh fit replaces it
        return None
    return posterior if posterior.information.get("fingerprint") == key else None


def _fingerprint(job: _Job) -> str:
    """Of all that a fit's draws depend on."""
    digest = hashlib.sha256()
    parts = {"model": encode(job.model), "settings": encode(job.settings), "versions": versions()}
    digest.update(json.dumps(parts, sort_keys=True).encode())
    for field in fields(Panel):
        value = getattr(job.panel, field.name)
        if isinstance(value, np.ndarray):
            digest.update(f"{field.name}{value.shape}".encode() + np.ascontiguousarray(value).tobytes())
        else:
            value = [day.isoformat() for day in value] if isinstance(value, pd.DatetimeIndex) else encode(value)
            digest.update(json.dumps([field.name, value], sort_keys=True, default=repr).encode())
    return digest.hexdigest()

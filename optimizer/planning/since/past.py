"""The last run, as its folder tells of it: plan file, fit, plan and versions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from attribution.errors import BadInput, CacError, bounded
from attribution.files import checksum
from mmm import Posterior
from optimizer.planning.file.config import Config, config_of
from optimizer.planning.file.document import Document
from optimizer.planning.inputs.provenance import InputFile, versions
from optimizer.planning.ledger.manifest import read_manifest
from optimizer.planning.ledger.runs import run_folder
from optimizer.planning.stages.fit import POSTERIOR

__all__ = ["Past", "past_run"]

_MANIFEST, _PLAN, _RUNS = "manifest.json", "plan.csv", "runs"
_SAID = 300


@dataclass(frozen=True, eq=False)
class Past:
    """An earlier run.

    Parameters
    ----------
    folder
        Where it lies.
    config
        Its plan file; None where this version cannot read it.
    posterior
        Its fit; None where it has none, or none that this version can read.
    plan
        ``now`` and ``planned``, currency over its horizon by channel or cell; None where it made none.
    versions
        What it ran with.
    files
        Role -> checksum of what it read.
    problems
        What of it could not be read, in sentences.
    """

    folder: Path
    config: Config | None
    posterior: Posterior | None
    plan: pd.DataFrame | None
    versions: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What sentences call it: by the last week that it knew."""
        if self.posterior is None:
            return "the last run"
        return f"the last run, on data up to {self.posterior.panel.dates[-1]:%d %B %Y}"


def past_run(folder: Path, document: Document, files: Iterable[InputFile]) -> Past | None:
    """The last run in a folder that was of other inputs and made a plan, as far as there is one; None without any run.

    Parameters
    ----------
    folder
        An output folder, or that of a single run.
    document, files
        Plan file and inputs of the run that is to be held against it.
    """
    runs = list(_runs(folder))
    if not runs:
        return None
    own = json.dumps([document.text, [vars(file) for file in files], versions()])
    planned = [run for run in runs if _PLAN in (run[1].get("outputs") or {})] or runs
    other = [run for run in planned if _inputs(run[1]) != own]
    place, manifest = (other or planned)[0]
    return _read(place, manifest)


def _inputs(manifest: dict[str, Any]) -> str:
    """What a run was made of, to compare."""
    return json.dumps([manifest.get("plan_file", {}).get("text"), manifest.get("inputs"), manifest.get("versions")])


def _runs(folder: Path) -> Iterable[tuple[Path, dict[str, Any]]]:
    """Finished runs of a folder, the last good one first."""
    try:
        last = run_folder(folder)
    except BadInput:
        return
    beside: list[Path] = []
    if last.parent.name == _RUNS and folder.resolve() != last:
        others = (place for place in last.parent.iterdir() if place != last and not place.name.startswith("."))
        beside = sorted(others, reverse=True)
    for place in (last, *beside):
        try:
            manifest = json.loads((place / _MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(manifest, dict):
            yield place, manifest


def _read(place: Path, manifest: dict[str, Any]) -> Past:
    problems: list[str] = []
    config = posterior = plan = None
    try:
        read_manifest(place)
    except CacError as error:
        problems.append(_said("Its manifest is not to be trusted", error))
    try:
        kept = manifest["plan_file"]
        config = config_of(Document.of(Path(str(kept["name"])), str(kept["text"])))
    except (CacError, KeyError, TypeError) as error:
        problems.append(_said("Its plan file cannot be read by this version", error))
    try:
        posterior = _fit(place, manifest)
    except (CacError, OSError) as error:
        problems.append(_said("Its fit cannot be read", error))
    try:
        plan = _plan(place, manifest, config is not None and config.quote_formulas)
    except (CacError, OSError, ValueError, KeyError) as error:
        problems.append(_said("Its plan.csv cannot be read", error))
    known, inputs = manifest.get("versions"), manifest.get("inputs")
    files = {file["role"]: file["checksum"] for file in inputs or [] if {"role", "checksum"} <= set(file)}
    return Past(place, config, posterior, plan, known if isinstance(known, dict) else {}, files, tuple(problems))


def _said(what: str, error: Exception) -> str:
    return f"{what}: {bounded(str(error).splitlines()[0] if str(error) else type(error).__name__, _SAID)}"


def _vouched(place: Path, manifest: dict[str, Any], name: str) -> Path | None:
    """A file of a run as the run wrote it; None where the run wrote none."""
    path, stated = place / name, (manifest.get("outputs") or {}).get(name)
    if stated is None:
        return None
    if not path.is_file():
        raise BadInput(f"{name} is gone.")
    if checksum(path) != stated:
        raise BadInput(f"{name} is not the one that its manifest vouches for; a later run may have replaced it.")
    return path


def _fit(place: Path, manifest: dict[str, Any]) -> Posterior | None:
    path = _vouched(place, manifest, POSTERIOR)
    return None if path is None else Posterior.load(path)


def _plan(place: Path, manifest: dict[str, Any], quoted: bool) -> pd.DataFrame | None:
    path = _vouched(place, manifest, _PLAN)
    if path is None:
        return None
    frame = pd.read_csv(path, dtype={"channel": str, "market": str}, keep_default_na=False)
    names = frame["channel"].str.removeprefix("'") if quoted else frame["channel"]
    if "market" in frame and len(set(frame["market"]) - {""}) > 1:
        names = names + " @ " + frame["market"]
    table = {"now": frame["spend_now"].to_numpy(float), "planned": frame["spend_planned"].to_numpy(float)}
    return pd.DataFrame(table, index=pd.Index(names, name="channel"))

"""Sealed plans: a folder each, read-only, with the hash of every file and of the seal before it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from attribution.errors import BadInput, Problem, UnknownName
from attribution.files import checksum
from optimizer.planning.ledger.runs import run_folder
from optimizer.planning.outputs.folder import MANIFEST
from optimizer.planning.outputs.forecast_files import FOLDER, read_forecast

__all__ = ["PLAN_FILE", "SEAL", "Seal", "chain", "chosen", "home_of", "seal"]

SEAL, PLAN_FILE, SEALED = "seal.json", "plan.yaml", "sealed"
_FORMAT = 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_LEFT_OUT = ("posterior_neutral.nc", "plots/")
_AGAIN = "restore the folder from a copy; what was sealed cannot be made again."


@dataclass(frozen=True)
class Seal:
    """What ``seal.json`` says of a sealed plan.

    Parameters
    ----------
    name
        Of the plan of record, and of its folder.
    number
        Its place in the chain, from 1.
    when
        When it was sealed, ISO 8601 in UTC.
    first_week, weeks
        First day of its forecast, as 2026-09-28, and how many weeks it has.
    previous
        Name and hash of the seal before it; None of the first.
    files
        Path within the folder -> ``sha256:...``.
    """

    name: str
    number: int
    when: str
    first_week: str
    weeks: int
    previous: Mapping[str, str] | None
    files: Mapping[str, str]

    @property
    def hash(self) -> str:
        """What the next seal refers to: of all that this one says."""
        return "sha256:" + hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    @property
    def text(self) -> str:
        """``seal.json``, byte for byte."""
        return json.dumps({"format": _FORMAT, **asdict(self), "seal": self.hash}, indent=2, ensure_ascii=False) + "\n"

    @property
    def end(self) -> pd.Timestamp:
        """The day after its last week."""
        return pd.Timestamp(self.first_week) + pd.Timedelta(weeks=self.weeks)

    @property
    def in_time(self) -> bool:
        """Whether it was sealed before its last week was over."""
        return pd.Timestamp(self.when).tz_localize(None) < self.end


def home_of(output: Path) -> Path:
    """The folder of all sealed plans of an output folder, whether that or one of its runs is named."""
    place = output.resolve()
    if place.parent.name == "runs":
        place = place.parent.parent
    return place / SEALED


def seal(output: Path, name: str | None = None, now: dt.datetime | None = None) -> Seal:
    """Seal the plan of a run: copy what a review needs, with hashes, read-only, whole or not at all.

    Parameters
    ----------
    output
        The output folder, whose last run is meant, or the folder of a run.
    name
        Of the plan of record; the quarter that its middle lies in where None.
    now
        When; the clock's time where None.

    Raises
    ------
    BadInput
        Where there is no run, it holds no plan, did not converge or is not as its manifest says; where the name is
        taken or cannot be one, or an earlier seal is not as it was.
    """
    run, home = run_folder(output), home_of(output)
    manifest = _manifest(run)
    _require_sound(run, manifest)
    kept = read_forecast(run)
    first = kept.organic.dates[0]
    weeks = int(kept.record["weeks"])
    name = _checked_name(name or _quarter(first, weeks))
    before = chain(home)
    if any(each.name == name for each in before):
        raise BadInput(f"{name} is sealed already; a sealed plan stays as it is. Give another name with --name.")
    home.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(dir=home, prefix=".sealing-"))
    try:
        files = _copied(run, manifest, stage)
        when = (now or dt.datetime.now(dt.UTC)).astimezone(dt.UTC).isoformat(timespec="seconds")
        link = {"name": before[-1].name, "seal": before[-1].hash} if before else None
        made = Seal(name, len(before) + 1, when, f"{first:%Y-%m-%d}", weeks, link, files)
        _write(stage / SEAL, made.text.encode())
        for path in sorted(stage.rglob("*"), reverse=True):
            path.chmod(0o555 if path.is_dir() else 0o444)
        stage.rename(home / name)
        (home / name).chmod(0o555)
        return made
    except OSError as error:
        raise BadInput(f"{home}: the plan could not be sealed ({error.strerror or error}); nothing was kept.") from None
    finally:
        _removed(stage)


def chain(home: Path) -> tuple[Seal, ...]:
    """All sealed plans in order, each byte of them checked.

    Raises
    ------
    BadInput
        Names every file that was changed, added or removed, and every link that is missing.
    """
    folders = [path for path in sorted(home.glob("*")) if path.is_dir() and not path.name.startswith(".")]
    problems: list[Problem | str] = []
    seals = []
    for folder in folders:
        try:
            seals.append(_read(folder))
            problems += _changed(folder, seals[-1])
        except BadInput as error:
            problems += error.problems
    seals.sort(key=lambda each: each.number)
    if not problems:
        problems += _broken(seals)
    if problems:
        raise BadInput(problems)
    return tuple(seals)


def chosen(home: Path, name: str | None) -> tuple[Seal, Path]:
    """A sealed plan by name, the last where None, and its folder; the whole chain is checked.

    Raises
    ------
    BadInput
        As :func:`chain`; where there is none, or none of that name.
    """
    seals = {each.name: each for each in chain(home)}
    if not seals:
        raise BadInput(f"{home.parent}: holds no sealed plan; seal one with cac seal {home.parent.name}.")
    if name is not None and name not in seals:
        raise UnknownName(name, seals, "the sealed plans")
    made = seals[name] if name is not None else list(seals.values())[-1]
    return made, home / made.name


def _manifest(run: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((run / MANIFEST).read_text(encoding="utf-8"))
        manifest["outputs"], manifest["plan_file"]["text"]
    except (OSError, ValueError, KeyError, TypeError):
        raise BadInput(Problem(MANIFEST, "cannot be read.", remedy="plan again, then seal.")) from None
    return manifest


def _require_sound(run: Path, manifest: Mapping[str, Any]) -> None:
    if "plan" not in manifest or not (run / FOLDER).is_dir():
        raise BadInput(f"{run}: its run made no plan with a forecast, so there is nothing to seal; run cac plan.")
    if not manifest.get("converged"):
        remedy = "raise model.time_budget, or simplify the model, and plan again."
        raise BadInput(f"{run}: the mix model of this run did not converge; no plan of record rests on that: {remedy}")
    wrong = [
        Problem(name, "is not as the run wrote it." if (run / name).exists() else "is missing.", remedy="plan again.")
        for name, told in manifest["outputs"].items()
        if not (run / name).is_file() or checksum(run / name) != told
    ]
    if wrong:
        raise BadInput(wrong)


def _copied(run: Path, manifest: Mapping[str, Any], stage: Path) -> dict[str, str]:
    """Copy what is sealed; hash by file, and once more where a file changed while it was read."""
    texts = {PLAN_FILE: manifest["plan_file"]["text"].encode(), MANIFEST: (run / MANIFEST).read_bytes()}
    names = [name for name in manifest["outputs"] if not name.startswith(_LEFT_OUT)]
    for name in names:
        (stage / name).parent.mkdir(parents=True, exist_ok=True)
        _write(stage / name, (run / name).read_bytes())
        if checksum(stage / name) != manifest["outputs"][name]:
            raise BadInput(f"{name}: changed while it was sealed; nothing was kept. Wait for the run, and seal again.")
    for name, content in texts.items():
        _write(stage / name, content)
    return {name: checksum(stage / name) for name in sorted([*names, *texts])}


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _removed(stage: Path) -> None:
    if not stage.exists():
        return
    for path in (stage, *(each for each in stage.rglob("*") if each.is_dir())):
        path.chmod(0o755)
    shutil.rmtree(stage, ignore_errors=True)


def _read(folder: Path) -> Seal:
    path = folder / SEAL
    try:
        text = path.read_text(encoding="utf-8")
        told = {key: value for key, value in json.loads(text).items() if key not in ("format", "seal")}
        made = Seal(**told)
        if made.text != text or made.name != folder.name:
            raise ValueError("not as it was sealed")
    except (OSError, ValueError, TypeError, AttributeError):
        text = "was changed after sealing, or is missing."
        raise BadInput(Problem(f"{folder.name}/{SEAL}", text, remedy=_AGAIN)) from None
    return made


def _changed(folder: Path, made: Seal) -> list[Problem]:
    """What is not as the seal says; hidden files of the system's own are passed over."""
    present = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    problems = []
    for name in sorted(present | set(made.files)):
        at = f"{folder.name}/{name}"
        if name == SEAL:
            continue
        if name not in made.files:
            problems.append(Problem(at, "was added after sealing.", remedy="move it elsewhere."))
        elif name not in present:
            problems.append(Problem(at, "is missing since it was sealed.", remedy=_AGAIN))
        elif checksum(folder / name) != made.files[name]:
            problems.append(Problem(at, "was changed after sealing.", remedy=_AGAIN))
    return problems


def _broken(seals: list[Seal]) -> list[Problem]:
    """Links of the chain that do not hold."""
    problems = []
    previous: Seal | None = None
    for place, made in enumerate(seals):
        at, link = f"{made.name}/{SEAL}", made.previous
        if link is not None and (previous is None or link["name"] != previous.name):
            problems.append(Problem(at, f"follows {link['name']}, which is missing or no longer there.", remedy=_AGAIN))
        elif link is not None and previous is not None and link["seal"] != previous.hash:
            problems.append(Problem(f"{previous.name}/{SEAL}", f"is not what {made.name} followed.", remedy=_AGAIN))
        elif (link is None) != (place == 0) or made.number != place + 1:
            problems.append(
                Problem(at, f"is number {made.number} of a chain that has {place} before it.", remedy=_AGAIN)
            )
        previous = made
    return problems


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        text = f"{name!r} cannot be the name of a sealed plan; letters, digits, dots, dashes and underscores can."
        raise BadInput(text)
    return name


def _quarter(first: pd.Timestamp, weeks: int) -> str:
    middle = first + pd.Timedelta(days=7 * weeks // 2)
    return f"{middle.year}Q{middle.quarter}"

"""Sealing: the last run becomes a plan of record, read-only, whole or not at all."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from attribution.errors import BadInput
from attribution.files import checksum
from optimizer.planning.ledger.lock import locked
from optimizer.planning.ledger.manifest import read_manifest, require_whole
from optimizer.planning.ledger.runs import MANIFEST, run_folder, run_with
from optimizer.planning.outputs.forecast_files import FOLDER, RECORD, read_forecast
from optimizer.planning.sealed.chain import PLAN_FILE, SEAL, Seal, chain, home_of

__all__ = ["seal"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_LEFT_OUT = ("posterior_neutral.nc", "plots/")
_STAGE = ".sealing-"


def seal(output: Path, name: str | None = None, now: dt.datetime | None = None) -> Seal:
    """Seal the plan of a run: copy what a review needs, with hashes, read-only, whole or not at all.

    Parameters
    ----------
    output
        The output folder, whose last run is meant, or the folder of a run.
    name
        Of the plan of record; the quarter that its middle lies in where None.
    now
        When; the clock's time where None. A seal is never dated before the one that it follows, so that a clock that
        was put back lets no plan count as sealed in time.

    Raises
    ------
    BadInput
        Where there is no run, it holds no plan, did not converge or is not as its manifest says; where the name is
        taken or cannot be one, or an earlier seal is not as it was; where a run is at work in the output folder.
    """
    run_folder(output)  # what holds no run is told before anything is made there
    home = home_of(output)
    with locked(home.parent):
        run = run_with(output, f"{FOLDER}/{RECORD}")  # which nobody clears away from here on
        manifest = read_manifest(run)
        _require_sound(run, manifest)
        kept = read_forecast(run)
        first, weeks = kept.organic.dates[0], int(kept.record["weeks"])
        name = _checked_name(name or _quarter(first, weeks))
        with _alone(home):
            return _sealed(run, manifest, home, name, (first, weeks), now)


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Nobody else runs or seals here meanwhile; what a killed process left is removed."""
    try:
        home.mkdir(exist_ok=True)
        for left in home.glob(f"{_STAGE}*"):
            _removed(left)
        yield
    except OSError as error:
        raise BadInput(f"{home}: the plan could not be sealed ({error.strerror or error}); nothing was kept.") from None


def _sealed(
    run: Path,
    manifest: Mapping[str, Any],
    home: Path,
    name: str,
    forecast: tuple[pd.Timestamp, int],
    now: dt.datetime | None,
) -> Seal:
    before, (first, weeks) = chain(home), forecast
    if any(each.name == name for each in before):
        raise BadInput(f"{name} is sealed already; a sealed plan stays as it is. Give another name with --name.")
    stage = home / f"{_STAGE}{secrets.token_hex(8)}"
    stage.mkdir()  # as the process's umask has it, unlike what tempfile makes
    try:
        files = _copied(run, manifest, stage)
        when = max([(now or dt.datetime.now(dt.UTC)).astimezone(dt.UTC), *map(_when, before[-1:])])
        link = {"name": before[-1].name, "seal": before[-1].hash} if before else None
        made = Seal(name, len(before) + 1, when.isoformat(timespec="seconds"), f"{first:%Y-%m-%d}", weeks, link, files)
        _write(stage / SEAL, made.text.encode())
        for path in sorted(stage.rglob("*"), reverse=True):
            _read_only(path)
        stage.rename(home / name)
        with contextlib.suppress(OSError):  # it is there and whole; its hashes vouch for it, not its rights
            _read_only(home / name)
        return made
    finally:
        _removed(stage)


def _when(sealed: Seal) -> dt.datetime:
    return dt.datetime.fromisoformat(sealed.when)


def _require_sound(run: Path, manifest: Mapping[str, Any]) -> None:
    if "plan" not in manifest or not (run / FOLDER).is_dir():
        raise BadInput(f"{run}: its run made no plan with a forecast, so there is nothing to seal; run cac plan.")
    if not manifest.get("converged"):
        remedy = "raise model.time_budget, or simplify the model, and plan again."
        raise BadInput(f"{run}: the mix model of this run did not converge; no plan of record rests on that: {remedy}")
    require_whole(run)


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
        path.chmod(path.stat().st_mode | stat.S_IRWXU)
    shutil.rmtree(stage, ignore_errors=True)


def _read_only(path: Path) -> None:
    """Nobody writes to it, and nobody reads it who could not before."""
    path.chmod(stat.S_IMODE(path.stat().st_mode) & ~0o222)


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        text = f"{name!r} cannot be the name of a sealed plan; letters, digits, dots, dashes and underscores can."
        raise BadInput(text)
    return name


def _quarter(first: pd.Timestamp, weeks: int) -> str:
    middle = first + pd.Timedelta(days=7 * weeks // 2)
    return f"{middle.year}Q{middle.quarter}"

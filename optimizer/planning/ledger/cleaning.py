"""Old runs and fits that nobody needs, removed when a person asks for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from attribution.errors import BadInput
from optimizer.planning.ledger.lock import locked
from optimizer.planning.ledger.manifest import read_manifest
from optimizer.planning.ledger.record import set_aside
from optimizer.planning.ledger.runs import FITS, RUNS, all_runs, latest_of

__all__ = ["Cleaned", "clean"]

_FIT = re.compile(r"([0-9a-f]{64})\.nc")


@dataclass(frozen=True)
class Cleaned:
    """What was removed, and what stays.

    Parameters
    ----------
    runs, fits
        Names of what was removed.
    kept
        Names of the runs that stay.
    unread
        Those of them whose manifest could not be read, so that every fit stays.
    """

    runs: tuple[str, ...]
    fits: tuple[str, ...]
    kept: tuple[str, ...]
    unread: tuple[str, ...]


def clean(output: Path, keep: int) -> Cleaned:
    """Remove all runs but the newest and the latest good one, and fits that none of those rests on.

    Nothing else in the folder is touched, sealed plans least of all.

    Parameters
    ----------
    output
        The output folder.
    keep
        How many runs stay.

    Raises
    ------
    BadInput
        Where the folder holds no runs, or a run is at work in it.
    """
    if not (output / RUNS).is_dir() and not (output / FITS).is_dir():
        raise BadInput(f"{output}: holds no runs; name the output folder of a plan file.")
    with locked(output):
        runs, latest = all_runs(output), latest_of(output)
        kept = [run for at, run in enumerate(runs) if len(runs) - at <= keep or run == latest]
        gone = [run for run in runs if run not in kept]
        for run in gone:
            set_aside(run)
        needed, unread = _fits_of(kept)
        places = [] if unread or not (output / FITS).is_dir() else sorted((output / FITS).iterdir())
        fits = [place for place in places if (name := _FIT.fullmatch(place.name)) and name[1] not in needed]
        for place in fits:
            place.unlink()
    return Cleaned(*(tuple(place.name for place in places) for places in (gone, fits, kept, unread)))


def _fits_of(runs: list[Path]) -> tuple[set[str], list[Path]]:
    """Fingerprints of the fits that runs rest on, and runs that do not say."""
    needed: set[str] = set()
    unread = []
    for run in runs:
        try:
            needed |= set(read_manifest(run)["fits"].values())
        except (BadInput, KeyError, AttributeError):
            unread.append(run)
    return needed, unread

"""What stands in an output folder: runs, which of them is the last good one, and fits.

``runs/<time>-<id>/`` holds a run's files, ``latest`` is a link to the last good one (with a report, once any run had
one), ``fits/<fingerprint>.nc`` keeps fits. Where the platform makes no links ``latest`` is a file of one line, the
link's target.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
from pathlib import Path

from attribution.errors import BadInput

__all__ = [
    "all_runs",
    "is_run",
    "latest_of",
    "new_name",
    "output_of",
    "place_of",
    "run_folder",
    "run_with",
    "shown",
]

RUNS, LATEST, FITS, SEALED, MANIFEST, REPORT = "runs", "latest", "fits", "sealed", "manifest.json", "report.html"
LOCK, STAGE = ".lock", ".stage-"
_NAME = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")
_LONGEST = 200  # bytes of a pointer that is a file


def run_folder(folder: Path) -> Path:
    """The folder of a run's files, given that folder itself or the output folder whose last run is meant.

    Raises
    ------
    BadInput
        Where no finished run lies there.
    """
    latest = latest_of(folder)
    for place in (*([] if latest is None else [latest]), folder / LATEST, folder):
        if (place / MANIFEST).is_file():
            return place.resolve()
    if there := all_runs(folder):
        text = f"its {LATEST} leads to no finished run, and {RUNS} holds {len(there)}"
        raise BadInput(f"{folder}: {text}; name the last of them, {there[-1]}, or make one with cac plan.")
    raise BadInput(f"{folder}: holds no finished run; make one with cac plan, or name its output folder.")


def run_with(folder: Path, name: str) -> Path:
    """As :func:`run_folder`, but of an output folder the newest run that holds a file; the latest where none does.

    What a command needs may be newer than the report that people open, or older than a run of attribution alone.
    """
    last = run_folder(folder)
    return next((run.resolve() for run in reversed(all_runs(folder)) if (run / name).is_file()), last)


def latest_of(output: Path) -> Path | None:
    """The run that ``latest`` of an output folder names, there or not; None where it names none."""
    pointer = output / LATEST
    try:
        if pointer.is_symlink():
            named = pointer.readlink().as_posix()
        elif pointer.is_file() and pointer.stat().st_size <= _LONGEST:
            named = pointer.read_text(encoding="utf-8").strip()
        else:
            return None
    except (OSError, UnicodeDecodeError):
        return None
    parent, _, name = named.rpartition("/")
    return output / RUNS / name if parent == RUNS and _NAME.fullmatch(name) else None


def all_runs(output: Path) -> list[Path]:
    """Folders of finished runs, oldest first."""
    folder = output / RUNS
    places = folder.iterdir() if folder.is_dir() else ()
    return sorted(
        place
        for place in places
        if _NAME.fullmatch(place.name) and not place.is_symlink() and (place / MANIFEST).is_file()
    )


def new_name(output: Path) -> str:
    """A name for a run: the time in UTC and a short id; just after the last run's where the clock has gone back.

    So names sort as runs do, whatever the clock did.
    """
    now = max([dt.datetime.now(dt.UTC).replace(tzinfo=None), *map(_after, all_runs(output)[-1:])])
    # microseconds and a digit by chance: names sort by time, and no two processes make the same one
    return f"{now:%Y%m%d-%H%M%S}-{now.microsecond:05x}{secrets.token_hex(1)[0]}"


def _after(run: Path) -> dt.datetime:
    """The moment after the one that a run's name says."""
    day, time, own = run.name.split("-")
    try:
        return dt.datetime.strptime(day + time, "%Y%m%d%H%M%S") + dt.timedelta(microseconds=int(own[:5], 16) + 1)
    except (ValueError, OverflowError):  # no name that a run made
        return dt.datetime.min


def is_run(folder: Path) -> bool:
    """Whether a folder is that of a run in an output folder."""
    return folder.parent.name == RUNS and _NAME.fullmatch(folder.name) is not None


def output_of(folder: Path) -> Path:
    """The output folder, given that or the folder of one of its runs.

    Raises
    ------
    BadInput
        Where a run was copied out of its output folder: what is written beside its files would make it another's.
    """
    place = folder.resolve()
    if is_run(place):
        return place.parents[1]
    if (folder / MANIFEST).is_file():
        text = "is a run without its output folder, and a run's files stay as they are"
        raise BadInput(f"{folder}: {text}; name the output folder, or copy that as a whole.")
    return folder


def place_of(run: Path) -> Path:
    """Where people open a run: ``latest`` where that leads to it, else its own folder."""
    output = run.parents[1]
    linked = (output / LATEST).is_symlink() and latest_of(output) == run
    return output.resolve() / LATEST if linked else run.resolve()


def shown(run: Path) -> str:
    """How people are told of a run: where they open it, and the folder that stays its own."""
    place = place_of(run)
    return f"{place} ({RUNS}/{run.name})" if place.name == LATEST else str(place)

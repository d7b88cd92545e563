"""A run's set of files: written aside, and the latest in one step."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attribution.files import settle, sync, temporary_beside, write_whole
from optimizer.planning.ledger.place import made
from optimizer.planning.ledger.runs import FITS, LATEST, LOCK, REPORT, RUNS, STAGE, latest_of, new_name

__all__ = ["recorded", "remove_leftovers", "set_aside"]

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{16}")  # as attribution.files.temporary_beside names them
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)


@contextmanager
def recorded(output: Path) -> Iterator[tuple[Path, Path]]:
    """A folder to write a run's set into, and the one that it becomes.

    Once the block is done the set is brought down to the disk, takes its place under ``runs/`` and becomes ``latest``
    by one renaming, so that whatever cuts this off leaves the last good set or the new one. What fails leaves nothing.
    A set without a report leaves ``latest`` where it leads to one.

    Parameters
    ----------
    output
        The output folder, which :func:`optimizer.planning.ledger.lock.locked` keeps to this process.
    """
    with made(output / RUNS):
        name = new_name(output)
        stage, run = output / RUNS / f"{STAGE}{name}", output / RUNS / name
        stage.mkdir()
        try:
            yield stage, run
            _to_disk(stage)
            stage.rename(run)
            settle(run.parent)
            if not _leads(output, run):
                return
            try:
                _point(output, name)
            except BaseException as error:
                led = latest_of(output) == run  # then all that may fail is the word that the link is on the disk
                if not led:
                    set_aside(run)
                if not led or not isinstance(error, OSError):
                    raise
        finally:
            shutil.rmtree(stage, ignore_errors=True)


def _to_disk(folder: Path) -> None:
    for place, _, names in os.walk(folder, topdown=False):
        for name in names:
            sync(Path(place) / name)
        settle(Path(place))


def _leads(output: Path, run: Path) -> bool:
    """Whether a run becomes the latest."""
    latest = latest_of(output)
    return (run / REPORT).is_file() or latest is None or not (latest / REPORT).is_file()


def _point(output: Path, name: str) -> None:
    """Make a run the latest."""
    target, latest = f"{RUNS}/{name}", output / LATEST
    link = temporary_beside(latest)
    try:
        link.symlink_to(target, target_is_directory=True)
    except NotImplementedError:
        write_whole(latest, target + "\n")
        return
    except OSError as error:
        if error.errno not in _NO_LINKS and os.name != "nt":
            raise
        write_whole(latest, target + "\n")
        return
    try:
        link.replace(latest)
    except BaseException:
        link.unlink(missing_ok=True)
        raise
    settle(output)


def set_aside(run: Path) -> None:
    """Remove a run's folder so that no part of it is ever taken for the whole."""
    gone = run.with_name(f"{STAGE}{run.name}")
    run.rename(gone)
    shutil.rmtree(gone)


def remove_leftovers(output: Path) -> None:
    """Remove what a killed run left: sets that were not done, links that had not taken their place, halves of fits."""
    runs, fits = output / RUNS, output / FITS
    for place in runs.iterdir() if runs.is_dir() else ():
        if place.name.startswith(STAGE) and place.is_dir():
            shutil.rmtree(place)
    own = (f".{LATEST}.", f".{LOCK}.json.")
    halves = [place for place in output.iterdir() if place.name.startswith(own)]
    halves += fits.iterdir() if fits.is_dir() else ()
    for place in halves:
        if _TEMPORARY.fullmatch(place.name):
            place.unlink()

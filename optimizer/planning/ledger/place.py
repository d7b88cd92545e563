"""Whether an output folder can be used, asked before hours of work go into it."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from attribution.errors import BadInput, CacError, bounded
from optimizer.planning.ledger.runs import FITS, LATEST, LOCK, RUNS, SEALED, STAGE, all_runs, is_run, latest_of

__all__ = ["disk_errors", "made", "refused", "require_place"]

_INSTEAD = "name another folder with output: or --out."
_OF_ITS_OWN = "an output folder holds what runs write: give them one of their own with output: or --out."
_WRITTEN = re.compile(rf"({LATEST}|{re.escape(LOCK)}(\.json)?|{FITS}(/.*)?|{RUNS}(/{re.escape(STAGE)}.*)?)")


def require_place(output: Path, inputs: Iterable[Path] = ()) -> None:
    """Refuse an output folder that cannot be written, or in which a run would harm what is not its own.

    Parameters
    ----------
    output
        The output folder, there or not.
    inputs
        Files that the run reads, the plan file among them.

    Raises
    ------
    BadInput
        Every reason.
    """
    try:
        problems = [*_unwritable(output), *_not_ours(output), *_inputs_harmed(output, inputs)]
    except (OSError, ValueError) as error:  # ValueError: a zero byte in its name
        raise refused(output, error) from None
    try:
        tempfile.gettempdir()
    except OSError:
        problems.append("no folder for temporary files can be written; set TMPDIR to one.")
    if problems:
        raise BadInput(problems)


def refused(output: Path, error: Exception) -> BadInput:
    """The error of an output folder that cannot be written at all."""
    return BadInput(f"{bounded(str(output), 200)}: {_why(error)}; {_INSTEAD}")


def _unwritable(output: Path) -> Iterator[str]:
    leading = next((place for place in (output, *output.absolute().parents) if place.is_symlink()), None)
    if leading is not None and not leading.exists():
        yield f"{output}: {leading} is a link to {leading.readlink()}, which is not there; {_INSTEAD}"
        return
    existing = next(place for place in (output, *output.absolute().parents) if place.exists())
    if not existing.is_dir():
        yield f"{output}: {existing} is a file; {_INSTEAD}"
    elif not os.access(existing, os.W_OK | os.X_OK):
        yield f"{output}: {existing} cannot be written to; {_INSTEAD}"


def _not_ours(output: Path) -> Iterator[str]:
    """Names that runs need and that are something else, and folders that belong to a run or a seal."""
    latest = output / LATEST
    if (latest.is_symlink() or latest.exists()) and latest_of(output) is None:
        again = f"take it away, and the next run makes it again: {output / RUNS} holds all runs."
        text = "is not the link to the last run that runs make"
        yield f"{latest}: {text}; {again if all_runs(output) else _OF_ITS_OWN}"
    for name in (RUNS, FITS):
        place = output / name
        if (place.is_symlink() or place.exists()) and not place.is_dir():
            yield f"{place}: is no folder; {_OF_ITS_OWN}"
    resolved = output.resolve()
    for place in (resolved, *resolved.parents):
        if is_run(place):
            yield f"{output}: is of the run {place.name}; name its output folder {place.parents[1]}."
        elif place.name == SEALED and (place.parent / RUNS).is_dir():
            yield f"{output}: holds sealed plans; name its output folder {place.parent}."


def _inputs_harmed(output: Path, inputs: Iterable[Path]) -> Iterator[str]:
    """Inputs at names that runs write or clear away, by whatever links, and in whatever case where it makes none."""
    folder = Path(str(output.resolve()).casefold())
    for path in inputs:
        names = {Path(str(place).casefold()) for place in (path.absolute(), path.resolve())}
        inside = [name.relative_to(folder).as_posix() for name in names if name.is_relative_to(folder)]
        if any(_WRITTEN.fullmatch(name) for name in inside):
            yield f"{path}: is read by the run, and lies where runs write; {_OF_ITS_OWN}"


@contextmanager
def made(folder: Path) -> Iterator[None]:
    """A folder that is there during the block, and goes again where it is new and nothing came to lie in it."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        for place in missing:
            try:
                place.rmdir()
            except OSError:
                break


@contextmanager
def disk_errors(output: Path) -> Iterator[None]:
    """Errors of disk and folders, in one line.

    Raises
    ------
    CacError
        What the system says, and that the last good run stays.
    """
    try:
        yield
    except OSError as error:
        if isinstance(error, CacError | BrokenPipeError):
            raise
        where = bounded(str(error.filename or output), 200)
        text = f"{where}: {_why(error)}. Nothing of this run was kept; the last good run is as it was."
        raise CacError(text) from error


def _why(error: Exception) -> str:
    """What the system says; a library's own words where it is a library that fails."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return bounded(" ".join(said.split()), 200)

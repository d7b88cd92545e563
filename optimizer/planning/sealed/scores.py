"""The scorecard's file: a table that vouches for each of its lines."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.files import write_whole
from attribution.reading.formats import Format
from attribution.reading.small import read_table
from optimizer.cycle.scorecard import SCORECARD
from optimizer.planning.ledger.lock import one_at_a_time

__all__ = ["SCORES", "entered", "read_scores"]

SCORES = "scorecard.csv"
_SUM = "checksum"
_REMEDY = "restore it from a copy, or take it away and review the sealed plans again."


def entered(home: Path, row: pd.DataFrame) -> pd.DataFrame:
    """Enter a review's row in the scorecard of a folder, in place of an earlier one of that name; the whole scorecard.

    Raises
    ------
    BadInput
        As :func:`read_scores`; where it cannot be written.
    """
    path = home / SCORES
    with one_at_a_time(home):
        before = read_scores(home)
        others = before[before["name"] != row["name"].iloc[0]]
        table = pd.concat([others, row], ignore_index=True) if len(others) else row
        table = table.sort_values("first_week", ignore_index=True)
        lines = table.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d").split("\n")[:-1]
        try:
            write_whole(path, "".join(f"{line},{said}\n" for line, said in _vouched(lines)))
        except OSError as error:
            raise BadInput(f"{path}: cannot be written ({error.strerror or error}); nothing was entered.") from None
    return table


def read_scores(home: Path) -> pd.DataFrame:
    """The scorecard so far; without rows where there is none.

    Raises
    ------
    BadInput
        Where it is not as it was written. One without checksums, of an earlier version, is read as it is.
    """
    path = home / SCORES
    if not path.exists():
        return pd.DataFrame(columns=[column.name for column in SCORECARD.columns])
    try:
        lines = path.read_bytes().decode().split("\n")
    except (OSError, UnicodeDecodeError):
        raise BadInput(Problem(str(path), "cannot be read as it was written.", remedy=_REMEDY)) from None
    if lines[0] != ",".join(column.name for column in SCORECARD.columns):
        plain = [line.rpartition(",")[0] for line in lines[:-1]]
        if len(plain) < 2 or lines != [*map(",".join, _vouched(plain)), ""]:
            raise BadInput(Problem(str(path), "is not as it was written.", remedy=_REMEDY))
    table = read_table(path, SCORECARD, Format(decimal="."))  # what we wrote: 15.802 is no thousands
    return table[[column.name for column in SCORECARD.columns]]


def _vouched(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Each line with what follows it: a name for the head, else a checksum of it, of those before and of how many."""
    told = hashlib.sha256(str(len(lines)).encode())
    for number, line in enumerate(lines):
        told.update(f"{line}\n".encode())
        yield line, told.hexdigest()[:16] if number else _SUM

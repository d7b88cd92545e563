"""The manifest that vouches for a run's files, itself included."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from attribution.errors import BadInput, Problem
from attribution.files import checksum
from optimizer.planning.ledger.runs import MANIFEST

__all__ = ["manifest_text", "read_manifest", "require_whole", "verify"]

_OWN = ',\n  "checksum": "'
_AGAIN = "run it again, or restore it from a copy."


def manifest_text(content: dict[str, Any]) -> str:
    """A manifest's text, whose last line is the checksum of all before it.

    Parameters
    ----------
    content
        What JSON can hold; ``outputs`` has the checksum of every other file by its path in the folder.
    """
    body = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False).removesuffix("\n}")
    return f'{body}{_OWN}{_sum(body)}"\n}}\n'


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a run's folder.

    Raises
    ------
    BadInput
        Where it cannot be read, or is not as it was written.
    """
    path = folder / MANIFEST
    try:
        text = path.read_bytes().decode()
        body, _, own = text.rpartition(_OWN)
        content = json.loads(text)
    except (OSError, ValueError) as error:
        raise BadInput(Problem(str(path), f"cannot be read ({error}).", remedy=_AGAIN)) from None
    if own != f'{_sum(body)}"\n}}\n' or not isinstance(content, dict):
        raise BadInput(Problem(str(path), "is not as the run wrote it: its checksum does not hold.", remedy=_AGAIN))
    return content


def verify(folder: Path) -> tuple[Problem, ...]:
    """What of a run's set is not as the run wrote it, a file each; nothing where all of it is.

    Parameters
    ----------
    folder
        The run's own folder, as :func:`optimizer.planning.ledger.runs.run_folder` gives it.
    """
    try:
        sums = read_manifest(folder)["outputs"]
    except BadInput as error:
        return tuple(problem for problem in error.problems if isinstance(problem, Problem))
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()} - {MANIFEST}
    problems = [Problem(name, "is not of this run.", remedy="move it elsewhere.") for name in sorted(there - set(sums))]
    for name, sum_ in sums.items():
        try:
            if checksum(folder / name) != sum_:
                problems.append(Problem(name, "is not as the run wrote it: its checksum differs.", remedy=_AGAIN))
        except FileNotFoundError:
            problems.append(Problem(name, "is missing.", remedy=_AGAIN))
        except OSError as error:
            problems.append(Problem(name, f"cannot be read ({error.strerror}).", remedy=_AGAIN))
    return tuple(problems)


def require_whole(folder: Path) -> None:
    """Refuse a run's folder that is not as the run wrote it.

    Raises
    ------
    BadInput
        Every file that :func:`verify` names.
    """
    if problems := verify(folder):
        raise BadInput(problems)


def _sum(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

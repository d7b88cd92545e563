"""The chain of sealed plans: a folder each, with the hash of every file and of the seal before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from attribution.errors import BadInput, Problem, UnknownName
from attribution.files import checksum
from optimizer.planning.ledger.runs import output_of

__all__ = ["PLAN_FILE", "SEAL", "Seal", "chain", "chosen", "home_of"]

SEAL, PLAN_FILE, SEALED = "seal.json", "plan.yaml", "sealed"
_FORMAT = 1
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
    """The folder of all sealed plans of an output folder, whether that or one of its runs is named.

    Raises
    ------
    BadInput
        As for :func:`optimizer.planning.ledger.runs.output_of`.
    """
    return output_of(output).resolve() / SEALED


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

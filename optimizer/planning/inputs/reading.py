"""Tables while they are read: where they lie, which were read, what was assumed, problems in words of the plan file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from attribution import Engine, Query
from attribution.errors import BadInput, Problem
from mmm import Panel
from optimizer.planning.file.config import Config
from optimizer.planning.file.currencies import said_of_amounts
from optimizer.planning.file.document import Document
from optimizer.planning.inputs.provenance import InputFile, checksum_of, hidden_in, shown_path
from optimizer.planning.language.wording import in_words_of_the_file

__all__ = ["Problems", "Reading", "in_terms_of_the_file", "names_of", "unit_of"]

Result = TypeVar("Result")


@dataclass(frozen=True)
class Reading:
    """The tables of a plan file while they are read.

    Parameters
    ----------
    config, document
        The plan file.
    files
        What was read so far.
    assumptions
        Choices that stand in for data, as far as they were met.
    """

    config: Config
    document: Document
    files: list[InputFile] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, config: Config, document: Document) -> Reading:
        """Of a plan file, whose amounts in other currencies are assumed at its own rates."""
        return cls(config, document, [], [*said_of_amounts(document.data, config.rates)])

    @property
    def engine(self) -> Engine:
        """Settings of the embedded engine."""
        return self.config.engine.engine

    def path(self, path: Path | Query) -> Path | Query:
        """A table's place; paths start at the plan file."""
        return path if isinstance(path, Query) else self.document.folder / path

    def source(self, path: Path | Query) -> str | Query:
        """A log's place, as :mod:`attribution` takes it."""
        return path if isinstance(path, Query) else str(self.document.folder / path)

    def note(self, role: str, path: Path | Query, rows: int, covers: str = "", frame: Any = None) -> None:
        """Keep that a table was read."""
        place = self.path(path)
        self.files.append(InputFile(role, shown_path(path), rows, covers, checksum_of(place, frame), hidden_in(place)))


@dataclass(frozen=True)
class Problems:
    """Problems of all tables so far."""

    seen: list[Problem | str] = field(default_factory=list)

    def of(self, read: Callable[[], Result]) -> Result | None:
        """What is read; None where it has problems, which are kept."""
        try:
            return read()
        except BadInput as error:
            self.seen.extend(error.problems)
            return None


def in_terms_of_the_file(read: Callable[[], Result], names: Mapping[str, str] | None = None) -> Result:
    """What is read; problems that speak of Python say what to write in the plan file instead.

    Parameters
    ----------
    read
        Reads it.
    names
        What Python calls a table -> what the reader of the plan file does; see :func:`names_of`.
    """
    try:
        return read()
    except BadInput as error:
        raise BadInput([_in_terms_of_the_file(problem, names or {}) for problem in error.problems]) from None


def _in_terms_of_the_file(problem: Problem | str, names: Mapping[str, str]) -> Problem | str:
    if isinstance(problem, Problem):
        text, remedy = in_words_of_the_file(problem.text), in_words_of_the_file(problem.remedy)
        return replace(problem, table=names.get(problem.table, problem.table), text=text, remedy=remedy)
    return in_words_of_the_file(problem)


def names_of(config: Config) -> dict[str, str]:
    """What Python calls a table -> its file, or the key that stands for it."""
    data = config.data
    weekly = "the weekly table" if data.weekly is None or data.assembled else data.weekly.path.name
    log = "touchpoints" if data.touchpoints is None else data.touchpoints.path.name
    won = None if data.touchpoints is None else data.touchpoints.conversions.path
    conversions = log if won is None else won.name
    return {"panel": weekly, "touchpoints": log, "conversions": conversions, "holidays": "model.holidays"}


def unit_of(panel: Panel) -> str:
    """What a row of the weekly table stands for."""
    return "week" if panel.days == 7 else "day"

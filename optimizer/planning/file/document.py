"""YAML documents that know on which line each of their values stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attribution.errors import BadInput, bounded
from optimizer.planning.file.no_yaml import no_day, no_yaml

__all__ = ["Document", "Place"]

Place = Sequence[str | int]

_NAME = 60


_LONGEST = 1_000_000  # characters
_MOST = 100_000  # values
_TABLES = (".csv", ".tsv", ".xlsx", ".xls", ".parquet", ".gz", ".duckdb")


@dataclass(frozen=True)
class Document:
    """A YAML file read whole.

    Parameters
    ----------
    path
        Where it was read from; relative paths inside it start at its folder.
    data
        Its top-level mapping, as ruamel.yaml's round-trip types that keep line numbers.
    text
        The file's text, for provenance.
    """

    path: Path
    data: Any
    text: str

    @classmethod
    def read(cls, path: Path | str) -> Document:
        """Read a YAML file.

        Raises
        ------
        BadInput
            Where the file is missing, not UTF-8, not YAML, or not a mapping; with the line.
        """
        path = Path(path)
        if path.suffix.lower() in _TABLES and path.is_file():
            text = "is a table, and no plan file. `cac init DIR` writes a plan file, in which the table is named."
            raise BadInput(f"{path}: {text}")
        try:
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise BadInput(f"{path}: no such file. `cac init DIR` writes a commented starter file.") from None
        except IsADirectoryError:
            raise BadInput(f"{path}: is a folder; name the plan file in it.") from None
        except UnicodeDecodeError as error:
            raise BadInput(f"{path}: is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from None
        return cls.of(path, text)

    @classmethod
    def of(cls, path: Path, text: str) -> Document:
        """A YAML text, such as an earlier run kept of its plan file; ``path`` is what messages call it.

        Raises
        ------
        BadInput
            Where it is not YAML or not a mapping; with the line.
        """
        if len(text) > _LONGEST:
            raise BadInput(f"{path}: has {len(text):,} characters; a plan file has {_LONGEST:,} at most.")
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        try:
            data = YAML(typ="rt").load(text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = f":{mark.line + 1}" if mark else ""
            raise BadInput(f"{path}{line}: {no_yaml(error.problem, mark.line if mark else 0, text)}") from None
        except (YAMLError, ValueError) as error:  # ValueError: a date that the calendar does not have
            raise BadInput(no_day(path, text) or f"{path}: {_first_line(str(error))}") from None
        except Exception as error:  # what the parser itself trips over
            raise BadInput(f"{path}: {_tripped(error)}") from None
        if not isinstance(data, dict):
            raise BadInput(f"{path}:1: must be a mapping of keys such as data, attribution, model and plan.")
        if _values(data, {}) > _MOST:
            raise BadInput(f"{path}: repeats itself by & and * beyond {_MOST:,} values. Write them out.")
        return cls(path, data, text)

    @property
    def folder(self) -> Path:
        """The folder that relative paths in the file start from."""
        return self.path.resolve().parent

    def where(self, place: Place) -> str:
        """``file:line`` of the value at ``place``; of its nearest parent where the value itself is absent."""
        from ruamel.yaml.comments import CommentedMap, CommentedSeq

        node, line = self.data, 0
        for step in place:
            if isinstance(node, CommentedMap) and step in node:
                line = node.lc.key(step)[0]
            elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
                line = node.lc.item(step)[0]
            else:
                continue  # pydantic puts names of union members into its places
            node = node[step]
        return f"{self.path}:{line + 1}"

    def error(self, place: Place, text: str) -> str:
        """A message that starts with the place's file and line and names its key."""
        keys = ".".join(str(step) for step in place)
        text += self._scenario(place)
        return f"{self.where(place)}: {keys}: {text}" if keys else f"{self.where(place)}: {text}"

    def _scenario(self, place: Place) -> str:
        """Which what-if a place is of, in the words of the file."""
        match list(place):
            case ["scenarios", int(number), *_]:
                scenarios = self.data.get("scenarios")
                one = scenarios[number] if isinstance(scenarios, list) and number < len(scenarios) else None
                name = one.get("name") if isinstance(one, dict) else None
                return f" (what-if {bounded(name, _NAME)!r})" if isinstance(name, str) else ""
        return ""


def _values(node: Any, known: dict[int, int]) -> int:
    """How many values a node stands for once what it repeats by name is written out; endless where it holds itself."""
    if not isinstance(node, dict | list):
        return 1
    if id(node) not in known:
        known[id(node)] = _MOST + 1
        inner = node.values() if isinstance(node, dict) else node
        known[id(node)] = 1 + sum(_values(one, known) for one in inner)
    return known[id(node)]


def _tripped(error: Exception) -> str:
    if isinstance(error, TypeError):
        return "a key is itself a mapping, as {{name}} is one. Keys are plain texts; put quotes around the text."
    if isinstance(error, RecursionError):
        return "brackets stand too many levels deep; one may lack its end. Close every bracket."
    return f"is not valid YAML: {bounded(str(error), _NAME)}. Check tags such as !!bool."


def _first_line(text: str | None) -> str:
    return (text or "not valid YAML").strip().splitlines()[0] + "."

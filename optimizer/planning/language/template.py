"""A message as a template: what it always says, and the holes that a run fills."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

__all__ = ["Template", "folded"]

_HOLE = re.compile(r"\{(\d+)\}")
_SPACE = re.compile(r"\s+")


def folded(text: str) -> str:
    """Text with one plain space where it has any white space, so that line breaks of a page decide nothing."""
    return _SPACE.sub(" ", text).strip()


@dataclass(frozen=True)
class Template:
    """A message of the sources, ``Channel {0} spends {1}``; a brace of the text itself is doubled.

    Parameters
    ----------
    text
        The message.
    """

    text: str

    @cached_property
    def parts(self) -> tuple[str | int, ...]:
        """What it always says, and numbers of holes, in order."""
        found: list[str | int] = []
        for place, piece in enumerate(_HOLE.split(self.text.replace("{{", "\0").replace("}}", "\1"))):
            if place % 2:
                found.append(int(piece))
            elif piece:
                found.append(piece.replace("\0", "{").replace("\1", "}"))
        return tuple(found)

    @cached_property
    def literal(self) -> int:
        """How many characters it always says."""
        return sum(len(part) for part in self.parts if isinstance(part, str))

    @cached_property
    def patterns(self) -> tuple[re.Pattern[str], ...]:
        """What texts of it look like: holes as short as they can be, or, where two holes meet, as long."""
        short = "".join(re.escape(part) if isinstance(part, str) else "(.*?)" for part in self.parts)
        first = re.compile(short, re.DOTALL)
        ambiguous = any(isinstance(part, str) and len(part.strip()) < 4 for part in self.parts[1:-1])
        return (first, re.compile(short.replace("(.*?)", "(.*)"), re.DOTALL)) if ambiguous else (first,)

    def fits(self, text: str) -> bool:
        """Whether a text says, in order, what the message always says."""
        at = 0
        for part in self.parts:
            if isinstance(part, str):
                at = text.find(part, at) + len(part)
                if at < len(part):
                    return False
        first, last = self.parts[0], self.parts[-1]
        return (isinstance(first, int) or text.startswith(first)) and (isinstance(last, int) or text.endswith(last))

    @cached_property
    def holes(self) -> tuple[int, ...]:
        """Numbers of the holes, in order of the text."""
        return tuple(part for part in self.parts if isinstance(part, int))

    def filled(self, holes: dict[int, str]) -> str:
        """The message with its holes filled."""
        return "".join(part if isinstance(part, str) else holes.get(part, "") for part in self.parts)

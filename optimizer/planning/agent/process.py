"""A tool's work in a process of its own, which can be ended, and whose prints go nowhere near the protocol.

The process reads a question a line and writes a line for each stage and one for the answer, all JSON.
"""

from __future__ import annotations

import io
import json
import os
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from attribution.errors import CacError

__all__ = ["told"]


class _Stages(io.TextIOBase):
    """Lines of progress as lines of JSON."""

    def __init__(self, answers: TextIO) -> None:
        self._answers, self._part = answers, ""

    def write(self, text: str) -> int:
        *lines, self._part = (self._part + text).split("\n")
        for line in lines:
            print(json.dumps({"stage": line}), file=self._answers, flush=True)
        return len(text)


def told(folder: Path, tool: str, arguments: Mapping[str, Any], stages: TextIO) -> tuple[str, bool]:
    """Do what a tool is asked, seen from its folder.

    Parameters
    ----------
    folder
        The folder that the server was started for, without links in its path.
    tool
        The tool's name.
    arguments
        As an assistant gave them.
    stages
        Where stages are reported.

    Returns
    -------
    The answer, or why there is none in the words that the command line has, and whether it is the latter.
    """
    from optimizer.planning.agent.answers import text_of
    from optimizer.planning.agent.inside import Inside
    from optimizer.planning.agent.work import TOOLS
    from optimizer.planning.language.wording import in_words_of_the_file
    from optimizer.planning.stages.progress import Progress

    try:
        os.chdir(folder)
        return text_of(TOOLS[tool](Inside(folder), Progress(stages), **arguments)), False
    except CacError as error:
        return in_words_of_the_file(str(error)).replace(f"{folder}{os.sep}", ""), True
    except OSError as error:
        return f"{error.filename or 'cac'}: {error.strerror or error}.", True
    except Exception as error:
        traceback.print_exc()  # to standard error alone: its words may hold what lies outside the folder
        return f"{tool} ended in a fault of its own ({type(error).__name__}); the server's standard error has it.", True


def main() -> None:
    """Answer questions until there are no more."""
    questions = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)  # what libraries print, those in other languages too, is no answer
    for line in questions:
        asked = json.loads(line)
        text, refused = told(Path(asked["folder"]), asked["tool"], asked["arguments"], _Stages(answers))  # type: ignore[arg-type]
        print(json.dumps({"text": text, "refused": refused}), file=answers, flush=True)


if __name__ == "__main__":
    main()

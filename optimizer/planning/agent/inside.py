"""What an assistant may name: files below one folder, by whatever links; no database, and no view of one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from attribution.errors import BadInput, bounded
from attribution.reading.addresses import files_of, is_pattern
from optimizer.planning.file.config import Config
from optimizer.planning.file.document import Document
from optimizer.planning.file.sources import queries_of, sources_of

__all__ = ["Inside"]

_SHOWN = 200


@dataclass(frozen=True)
class Inside:
    """A folder that nothing leads out of.

    Parameters
    ----------
    folder
        The working folder, without links in its path.
    """

    folder: Path

    def path(self, written: str) -> Path:
        """A path as an assistant wrote it, seen from the folder.

        Raises
        ------
        BadInput
            It leads out of the folder, or is neither file nor folder.
        """
        path = Path(written)
        if not written.strip() or not self._holds(path):
            raise BadInput(self._outside(written))
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise BadInput(f"{bounded(written, _SHOWN)}: is neither a file nor a folder.")
        return path

    def table(self, written: str) -> Path:
        """A table's path as an assistant wrote it: a file, a part of one or a pattern, seen from the folder.

        Raises
        ------
        BadInput
            It leads out of the folder.
        """
        if problems := list(self._source(self.path(written.partition("::")[0]), written)):
            raise BadInput(problems)
        return Path(written)

    def require(self, config: Config, document: Document) -> None:
        """Refuse a plan file that reads or writes anything beside the folder.

        Raises
        ------
        BadInput
            Every reason.
        """
        problems = [*self._reads(config, document), *self._writes(document.folder / config.output, config.output)]
        if config.engine.views:
            problems.append("engine.views: a view can read any file of the machine; an assistant's runs read none.")
        if problems:
            raise BadInput(problems)

    def require_run(self, folder: Path) -> None:
        """Refuse a run's folder that holds links out of the folder, or is one.

        Raises
        ------
        BadInput
            Names them.
        """
        if problems := list(self._writes(folder, folder)):
            raise BadInput(problems)

    def _reads(self, config: Config, document: Document) -> Iterator[str]:
        for query in queries_of(config):
            yield f"{query.name}: is a database; an assistant's runs read files alone. Run cac plan for it yourself."
        for source in sources_of(config, document.folder):
            yield from self._source(source, str(source).removeprefix(f"{document.folder}{os.sep}"))

    def _source(self, source: Path, shown: str) -> Iterator[str]:
        """What speaks against reading a file, a folder or a pattern."""
        start = next(place for place in (source, *source.parents) if not is_pattern(str(place)))
        climbs = ".." in source.parts[len(start.parts) :]  # engines and Python differ in what follows a pattern
        if climbs or not self._holds(start):
            yield self._outside(shown)
            return
        files = files_of(str(source))
        if not all(self._holds(path) for path in (*files, *(_links(start) if start.is_dir() else ()))):
            yield self._outside(shown)
        elif any(path.exists() and not (path.is_file() or path.is_dir()) for path in files):
            yield f"{bounded(shown, _SHOWN)}: is neither a file nor a folder."

    def _writes(self, place: Path, shown: Path) -> Iterator[str]:
        if not self._holds(place):
            yield self._outside(str(shown))
            return
        own = self.folder / place
        for link in _links(own):
            if not self._holds(link):
                yield self._outside(str(shown / link.relative_to(own)))

    def _holds(self, path: Path) -> bool:
        try:
            return (self.folder / path).resolve().is_relative_to(self.folder)
        except (OSError, RuntimeError, ValueError):  # links in a circle, names too long, zero bytes
            return False

    def _outside(self, written: str) -> str:
        return f"{bounded(written, _SHOWN)!r}: leads out of the folder that cac serve was started for."


def _links(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        yield from (path for name in (*folders, *files) if (path := Path(place) / name).is_symlink())

"""Which ids of a plan file's tables are one person, and where its tables lie."""

from __future__ import annotations

from pathlib import Path

from attribution import Engine, IdentityMap, Query
from optimizer.planning.file.keys.identity import Identity

__all__ = ["people_of", "source_of"]


def people_of(identity: Identity, folder: Path, engine: Engine) -> dict[str, str]:
    """User -> person.

    Raises
    ------
    BadInput
        As :meth:`attribution.IdentityMap.apply`.
    """
    source = source_of(identity.path, folder)
    table = source if isinstance(source, Query) else str(source)
    return IdentityMap(table, identity.user, identity.person).people(engine)


def source_of(path: Path | Query, folder: Path) -> Path | Query:
    """A table's place; ``folder`` is where relative paths start."""
    return path if isinstance(path, Query) else folder / path

"""The plan file's ``identity``: which user ids are one person."""

from __future__ import annotations

from optimizer.planning.file.keys.base import Name, Section
from optimizer.planning.file.keys.tables import Source

__all__ = ["Identity"]


class Identity(Section):
    """The table that says which user ids are one person."""

    path: Source
    """Table of user ids that are one person."""
    user: Name = "user"
    """Column of the user id."""
    person: Name = "person"
    """Column of the person."""

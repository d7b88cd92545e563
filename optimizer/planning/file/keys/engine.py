"""The plan file's ``engine``: what reading a log may use of the machine."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from attribution import Engine
from optimizer.planning.file.keys.base import Section

__all__ = ["EngineKeys"]


class EngineKeys(Section):
    """What reading tables may use of the machine."""

    memory_limit: str | None = None
    """Such as `2GB`, past which DuckDB works from disk; three quarters of what the process may use where left out."""
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    """Threads of DuckDB; all cores where left out."""
    views: bool = False
    """Read views of DuckDB files too; a view can read any file of the machine."""

    @field_validator("memory_limit")
    @classmethod
    def _a_size(cls, memory_limit: str | None) -> str | None:
        return Engine(memory_limit=memory_limit).memory_limit

    @property
    def engine(self) -> Engine:
        """The settings as objects take them."""
        return Engine(memory_limit=self.memory_limit, threads=self.threads, views=self.views)

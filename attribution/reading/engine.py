"""The embedded engine: its settings, and a connection that fetches nothing and whose settings are locked."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from attribution.errors import BadInput
from attribution.reading.memory import usable_memory

if TYPE_CHECKING:
    from ibis.backends import BaseBackend

__all__ = ["Engine", "shared"]

_SHARE = 0.75  # of the memory that the process may use
_BYTES = r"\s*\d+(\.\d+)?\s*([KMGT]i?B|B|bytes)\s*"
_CHANGEABLE = "preserve_insertion_order"


@dataclass(frozen=True)
class Engine:
    """Settings of the embedded DuckDB, and of the work that other engines do.

    Parameters
    ----------
    memory_limit
        Such as ``"512MB"``; past it DuckDB works from disk, and touches that would take more than a quarter of it on
        their way to paths wait in a file. None: three quarters of what the process may use, be that the machine's
        memory or the limit of its control group.
    threads
        None: all cores.
    spill
        Folder for what does not fit in memory; None: DuckDB's default.
    cache
        Whether an engine other than the embedded one makes the paths once and keeps them (a temporary table; on Spark
        a cached one), so that each model is one group-by. False where nothing may be kept: each model then reads the
        log again.
    views
        Whether views of a DuckDB file may be read. A view can read any file of this machine; allow it for files of
        your own.

    Raises
    ------
    BadInput
        A size or a number of threads that is none.
    """

    memory_limit: str | None = None
    threads: int | None = None
    spill: str | None = None
    cache: bool = True
    views: bool = False

    def __post_init__(self) -> None:
        problems = []
        if self.memory_limit is not None and not re.fullmatch(_BYTES, str(self.memory_limit), re.IGNORECASE):
            problems.append(f"memory_limit {str(self.memory_limit)[:40]!r} is no size; write for example 2GB or 512MB.")
        if self.threads is not None and (isinstance(self.threads, bool) or self.threads < 1):
            problems.append(f"threads {self.threads!r} is no number of threads; write 1 or more.")
        if problems:
            raise BadInput(problems)

    def open(self) -> BaseBackend:
        """A fresh connection with its own memory, which installs and loads no extension."""
        import ibis

        limit, usable = self.memory_limit, usable_memory()
        if limit is None and usable is not None:
            limit = f"{int(_SHARE * usable) >> 20}MiB"
        settings = {"memory_limit": limit, "threads": self.threads, "temp_directory": self.spill}
        backend = ibis.duckdb.connect(
            autoinstall_known_extensions=False,
            autoload_known_extensions=False,
            allow_community_extensions=False,
            allow_persistent_secrets=False,
            **{key: value for key, value in settings.items() if value is not None},
        )
        backend.raw_sql("SET TimeZone = 'UTC'; SET preserve_insertion_order = true; SET enable_progress_bar = false")
        if backend.con.sql("SELECT 1 FROM duckdb_settings() WHERE name = 'allowed_configs'").fetchall():
            backend.raw_sql(f"SET allowed_configs = ['{_CHANGEABLE}']")
        backend.raw_sql("SET lock_configuration = true")
        return backend


@functools.cache
def shared(engine: Engine) -> BaseBackend:
    """One connection for all sources that are read with the same settings."""
    return engine.open()

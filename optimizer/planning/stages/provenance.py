"""Where a run's figures come from: inputs with checksums, versions, seed."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.util import find_spec

from attribution.versions import installed

__all__ = ["InputFile", "versions"]

_SHOWN = ("numpy", "pandas", "scipy", "numba", "nutpie", "cvxpy", "ibis-framework", "duckdb")


@dataclass(frozen=True)
class InputFile:
    """One file that went into a run.

    Parameters
    ----------
    role
        What the run used it for.
    file
        Its path as the plan file writes it.
    rows
        Data rows read.
    covers
        Its period in words; empty where it has none.
    checksum
        ``sha256:...`` of its bytes.
    """

    role: str
    file: str
    rows: int
    covers: str
    checksum: str


def versions() -> dict[str, str]:
    """Versions of this project, Python and the libraries that figures depend on, and where ``mmm`` is."""
    known = installed(["blended-cac"]) | {"Python": platform.python_version()} | installed(_SHOWN)
    # another distribution, mmm-proto-schema, also installs a top-level package called mmm
    spec = find_spec("mmm")
    return known | {"mmm loaded from": str(spec.origin) if spec else "nowhere"}

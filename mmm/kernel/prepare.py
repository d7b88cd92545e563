"""All kernels compiled before anybody waits for one, as a part of setting up."""

from __future__ import annotations

from mmm.kernel.density import compile_ahead, entries
from mmm.kernel.geo import geo_entry

__all__ = ["prepare"]


def prepare() -> None:
    """Compile what fits call, unless its code is kept: that of national panels in a process beside that of geos."""
    compile_ahead()
    for one in (geo_entry(), *entries()):
        _ = one.address

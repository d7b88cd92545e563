"""Which folder holds the last good run."""

from __future__ import annotations

from pathlib import Path

from attribution.errors import BadInput

__all__ = ["run_folder"]

_LATEST, _MANIFEST = "latest", "manifest.json"


def run_folder(folder: Path) -> Path:
    """The folder of a run's files, given that folder itself or the output folder whose last run is meant.

    Raises
    ------
    BadInput
        Where no finished run lies there.
    """
    for place in (folder / _LATEST, folder):
        if (place / _MANIFEST).is_file():
            return place.resolve()
    raise BadInput(f"{folder}: holds no finished run; make one with cac plan, or name its output folder.")

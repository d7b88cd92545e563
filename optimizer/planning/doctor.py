"""What of this machine a run needs: versions, caches, fonts, memory, cores, disk; and the caches filled beforehand."""

from __future__ import annotations

import compileall
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

import attribution
import mmm
import optimizer
from attribution.drawing.canvas import HAN_FONTS
from attribution.findings import Finding
from attribution.numbers import count
from attribution.reading.memory import usable_memory
from attribution.versions import installed
from optimizer.planning.inputs.provenance import versions

__all__ = ["examined", "prepared"]

_GIGABYTE = 1e9
_MEMORY, _DISK = 2.0, 1.0  # gigabytes that the shipped quarter has room in
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_HAN = tuple(map(ord, "中文"))


def examined(folder: Path) -> tuple[Finding, ...]:
    """Look at the machine; what did not pass keeps a run from its work, what is merely lacking is told in words.

    Parameters
    ----------
    folder
        Where outputs are to lie.
    """
    return tuple(_findings(folder))


def _findings(folder: Path) -> Iterator[Finding]:
    known = versions()
    lacking = [name for name, text in known.items() if text == "unknown" and name != "blended-cac"]
    ours = known.pop("mmm loaded from") == "this project"
    listed = ", ".join(f"{name} {text}" for name, text in known.items())
    missing = f" Missing: {', '.join(lacking)}." if lacking else ""
    yield _told("versions", not lacking, f"{listed}.{missing}")
    text = "mmm is this project's." if ours else "mmm is another distribution's; uninstall that, or use a fresh venv."
    yield _told("packages", ours, text)
    there = installed(["mcp"])["mcp"]
    text = f"mcp {there}." if there != "unknown" else "Not there: cac serve needs the extra, blended-cac[serve]."
    yield _told("tools for an assistant", True, text)
    yield from _caches()
    yield from _fonts()
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    yield _told(
        "browser", True, f"Chromium at {browser}." if browser else "No Chromium on the path; only tests need it."
    )
    yield from _room(folder)
    yield from _processor()


def prepared() -> Finding:
    """Compile sources and kernels and list the fonts, which runs do otherwise; where code cannot be kept, say so."""
    for package in (attribution, mmm, optimizer):  # pip does it for all that it installs, but not for a working copy
        compileall.compile_dir(package.__path__[0], quiet=2)
    code = _code()
    if code.passed:
        from mmm.kernel.prepare import prepare

        prepare()
    _list_fonts()
    return code


def _list_fonts() -> None:
    """Anew: Matplotlib keeps its list whatever is installed later."""
    from matplotlib import get_cachedir

    for kept in Path(get_cachedir()).glob("fontlist-*.json"):
        with suppress(OSError):
            kept.unlink()
    import matplotlib.font_manager  # noqa: F401 - lists them where no list is kept


def _code() -> Finding:
    from mmm.kernel.kept import kept_folder

    code = kept_folder()
    text = f"Compiled code is kept in {code}." if code else "Compiled code cannot be kept, so each run compiles again: "
    return _told("compiled code", code is not None, text + ("" if code else "set NUMBA_CACHE_DIR to a folder."))


def _caches() -> Iterator[Finding]:
    from matplotlib import get_cachedir

    yield _code()
    drawn = Path(get_cachedir())
    text = f"Matplotlib keeps its list of fonts in {drawn}."
    yield _told("list of fonts", _writable(drawn), text + ("" if _writable(drawn) else " It cannot be written."))
    try:
        temporary = tempfile.gettempdir()
    except OSError:
        yield _told("temporary files", False, "No folder for temporary files can be written; set TMPDIR to one.")
    else:
        yield _told("temporary files", True, f"Temporary files lie in {temporary}.")


def _fonts() -> Iterator[Finding]:
    from matplotlib.font_manager import findSystemFonts, fontManager
    from matplotlib.ft2font import FT2Font

    fonts = sorted(fontManager.ttflist, key=lambda font: not font.name.startswith(HAN_FONTS))
    han = next((font.name for font in fonts if _holds_han(FT2Font, font.fname)), None)
    names = {font.name for font in fonts}
    yield _told("fonts", bool(names), f"{len(names)} families of fonts.")
    text = f"{han} holds Chinese."
    if han is None:
        listed = {font.fname for font in fonts}
        new = next((path for path in findSystemFonts() if path not in listed and _holds_han(FT2Font, path)), None)
        text = "No font holds Chinese: names in it are boxes in pictures. Install one, such as Noto Sans CJK, then run "
        text += "`cac prepare`, which lists the fonts again."
        if new is not None:
            text = f"{Path(new).name} holds Chinese, and Matplotlib does not list it yet: run `cac prepare`."
    yield _told("Chinese font", True, text)


def _holds_han(opened: type, path: str) -> bool:
    """Whether a font draws two signs differently; fonts of last resort have one box for all."""
    try:
        signs = opened(path).get_charmap()
    except (OSError, RuntimeError):  # a file that is gone, or no font after all
        return False
    one, other = (signs.get(sign) for sign in _HAN)
    return one is not None and other is not None and one != other


def _room(folder: Path) -> Iterator[Finding]:
    usable = usable_memory()
    if usable is None:
        yield Finding("memory", True, None, _MEMORY, "The system does not say how much memory there is.")
    else:
        value = usable / _GIGABYTE
        text = f"{count(value)} GB of memory may be used, limits of containers counted."
        yield Finding("memory", value >= _MEMORY, value, _MEMORY, text)
    for name, place in (("disk", folder), ("temporary disk", Path(tempfile.gettempdir()))):
        value = shutil.disk_usage(place).free / _GIGABYTE
        yield Finding(name, value >= _DISK, value, _DISK, f"{count(value)} GB are free in {place.absolute()}.")
    own = _writable(folder)
    text = f"{folder.absolute()} can be written."
    yield _told("folder", own, text if own else text.replace("can be", "cannot be"))


def _processor() -> Iterator[Finding]:
    from joblib import cpu_count

    cores = cpu_count()
    yield Finding("cores", cores >= 1, float(cores), 1.0, f"{cores} cores may be used, limits of containers counted.")
    built = np.show_config(mode="dicts")
    blas = built["Build Dependencies"]["blas"] if built else {}
    yield _told("BLAS", True, f"NumPy multiplies by {blas.get('name', 'what it does not say')}.")
    text = f"Python {sys.version.split()[0]} on {sys.platform}, text is {sys.getfilesystemencoding()}."
    yield _told("system", sys.version_info >= (3, 11), text)


def _writable(folder: Path) -> bool:
    place = next((place for place in (folder, *folder.absolute().parents) if place.exists()), folder)
    return place.is_dir() and os.access(place, os.W_OK | os.X_OK)


def _told(name: str, passed: bool, text: str) -> Finding:
    return Finding(name, passed, None, None, text)

"""Slides of a finished run as a file of their own; nothing in the run's folder changes."""

from __future__ import annotations

from pathlib import Path

from attribution.errors import BadInput, MissingExtra, Problem
from attribution.files import write_whole
from optimizer.planning.ledger.manifest import read_manifest, require_whole
from optimizer.planning.ledger.runs import output_of, run_with
from optimizer.planning.outputs.deck.content import Deck, deck_of
from optimizer.planning.outputs.deck.five import SLIDES
from optimizer.planning.outputs.deck.pptx_file import pptx_bytes

__all__ = ["make_slides"]

_FOLDER, _KIND = "slides", ".pptx"


def make_slides(folder: Path, to: Path | None = None) -> Path:
    """Write the slides of a run.

    Parameters
    ----------
    folder
        Of the run, or the output folder, whose last run is meant.
    to
        The file; where None ``slides/<run>.pptx`` in the output folder. One that is there is replaced.

    Raises
    ------
    BadInput
        No finished run, one without slides, files that are not as it wrote them, or a file that does not end in .pptx.
    MissingExtra
        python-pptx is not installed.
    """
    if to is not None and to.suffix.lower() != _KIND:
        raise BadInput(Problem(str(to), f"is no name for slides: it ends in {to.suffix or 'nothing'}, not in {_KIND}."))
    place = run_with(folder, SLIDES)
    require_whole(place)
    deck = _deck(place)
    try:
        import pptx  # noqa: F401
    except ImportError:
        raise MissingExtra("python-pptx", "slides") from None
    path = output_of(folder) / _FOLDER / f"{place.name}{_KIND}" if to is None else to
    if to is None:
        path.parent.mkdir(exist_ok=True)
    elif not path.parent.is_dir():
        raise BadInput(Problem(str(path.parent), "is no folder.", remedy="make it, or name another place with --to."))
    write_whole(path, pptx_bytes(deck))
    return path


def _deck(place: Path) -> Deck:
    if SLIDES not in read_manifest(place)["outputs"]:
        remedy = "run cac plan on a plan file with a plan section; runs of older versions keep no slides."
        raise BadInput(Problem(place.name, f"holds no {SLIDES}.", remedy=remedy))
    try:
        return deck_of((place / SLIDES).read_text(encoding="utf-8"))
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(
            Problem(f"{place.name}/{SLIDES}", f"cannot be read ({error}).", remedy="run it again.")
        ) from None

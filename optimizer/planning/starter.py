"""`cac init`: a commented plan file beside sample tables that it runs on, to be replaced by one's own."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from attribution.errors import BadInput
from attribution.files import write_whole
from optimizer.planning.language.comments import in_the_language_spoken

__all__ = ["write_starter"]

_SEED, _WEEKS, _CHANNELS, _JOURNEY_WEEKS = 1, 120, 3, 4
_NAMES = ("plan.yaml", "weekly.csv", "upcoming.csv", "touchpoints.csv", "conversions.csv")


def write_starter(folder: Path) -> list[Path]:
    """Write plan.yaml, its comments in the language of the terminal, and simulated sample tables.

    Parameters
    ----------
    folder
        Made if missing.

    Returns
    -------
    The files, plan.yaml first.

    Raises
    ------
    BadInput
        Where one of the files exists already; nothing is written then.
    """
    from mmm.simulate.weekly_world import world

    present = [name for name in _NAMES if (folder / name).exists()]
    if present:
        raise BadInput(f"{folder}: holds {', '.join(present)} already; name another folder. Nothing was written.")
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder}: is a file; name a folder.")
    data, _ = world(_SEED, weeks=_WEEKS, channels=_CHANNELS, journey_weeks=_JOURNEY_WEEKS)
    if data.journeys is None:
        raise RuntimeError("the simulated world has no journeys")
    tables = {
        "weekly.csv": data.weekly,
        "upcoming.csv": data.upcoming,
        "touchpoints.csv": data.journeys.touchpoints,
        "conversions.csv": data.journeys.conversions,
    }
    plan = files("optimizer.planning").joinpath("starter.yaml").read_text(encoding="utf-8")
    texts = {"plan.yaml": in_the_language_spoken(plan)}
    texts |= {
        name: table.to_csv(
            index=False, date_format="%Y-%m-%dT%H:%M:%SZ" if "time" in table else "%Y-%m-%d", lineterminator="\n"
        )
        for name, table in tables.items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name in _NAMES:
        write_whole(folder / name, texts[name])
    return [folder / name for name in _NAMES]

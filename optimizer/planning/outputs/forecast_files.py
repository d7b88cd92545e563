"""What regenerates a forecast without its inputs: the course of the coming weeks, draws, and the readings behind them.

``forecast/course.csv`` holds what the plan expects of every period besides customers, ``organic.npy`` the draws of
organic customers, ``reading-1.nc`` and so on the posteriors with the draws taken of each, ``record.json`` the rest.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from mmm import Organic, Posterior
from mmm.arrays import Array
from mmm.posterior.forecast import Coming
from optimizer.cycle.forecast import Course
from optimizer.planning.stages.fit import POSTERIOR
from optimizer.planning.stages.result import Run

__all__ = ["FOLDER", "RECORD", "Kept", "files_of", "read_forecast", "write_forecast"]

FOLDER = "forecast"
RECORD, _COURSE, _ORGANIC = "record.json", "course.csv", "organic.npy"
_SPEND, _MEDIA, _CONTROL, _NEW = "spend: ", "media: ", "control: ", "new: "


@dataclass(frozen=True, eq=False)
class Kept:
    """A forecast as it was written.

    Parameters
    ----------
    readings
        The posteriors behind it.
    course
        As planned.
    organic
        Draws of organic customers; what past spend carries in is counted with channels.
    record
        Currency, outcome, weeks, fixed cost, words of controls, assumptions.
    """

    readings: tuple[Posterior, ...]
    course: Course
    organic: Organic
    record: dict[str, Any]

    @property
    def words(self) -> dict[str, tuple[str, ...]]:
        """Column of words -> its words, as the fit knew them."""
        return {column: tuple(words) for column, words in self.record["words"].items()}


def write_forecast(run: Run, folder: Path) -> None:
    """Write what regenerates a run's forecast into ``forecast/`` of a folder; nothing where the run has none."""
    result = run.forecast
    if result is None or run.plan is None or run.config.plan is None:
        return
    place = folder / FOLDER
    place.mkdir()
    own = run.posterior is not None and len(result.readings) == 1 and result.readings[0] is run.posterior
    names = [f"../{POSTERIOR}"] if own else [f"reading-{at + 1}.nc" for at in range(len(result.readings))]
    for name, reading in zip(names, result.readings, strict=True):
        if not own:
            reading.save(place / name)
    organic, geos = run.plan.organic, result.readings[0].panel.geos
    course_frame(
        result.course, organic.dates, geos, result.readings[0].channels, list(run.config.plan.without_history)
    ).to_csv(place / _COURSE, index=False, lineterminator="\n")
    np.save(place / _ORGANIC, np.stack([organic.by_week, organic.noise]))
    record = {
        "name": run.config.name,
        "currency": run.config.currency,
        "outcome": run.config.outcome,
        "weeks": run.config.plan.weeks,
        "fixed_cost": run.plan.planned.fixed_cost,
        "words": {column: list(words) for column, words in run.inputs.words.items()},
        "readings": names,
        "assumptions": list(result.assumptions),
    }
    (place / RECORD).write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_forecast(folder: Path) -> Kept:
    """Read what :func:`write_forecast` wrote.

    Raises
    ------
    BadInput
        Where a file is missing or was written by another version.
    """
    place = folder / FOLDER
    try:
        record = json.loads((place / RECORD).read_text(encoding="utf-8"))
        readings = tuple(Posterior.load(place / name) for name in record["readings"])
        frame = pd.read_csv(place / _COURSE, dtype=str, keep_default_na=False)  # every digit, whatever pandas rounds
        by_week, noise = np.load(place / _ORGANIC, allow_pickle=False)
    except (OSError, KeyError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        remedy = "plan and seal again with this version."
        raise BadInput(Problem(FOLDER, f"cannot be read ({error}).", remedy=remedy)) from None
    dates = pd.DatetimeIndex(pd.to_datetime(frame["period"].unique()))
    nothing = np.zeros_like(by_week)
    organic = Organic(dates, by_week, noise, nothing, np.zeros((len(by_week), 1)), "")
    return Kept(readings, _course(frame, dates, readings[0].panel.geos), organic, record)


def files_of(folder: Path) -> list[Path]:
    """The files that regenerate a forecast, relative to the folder of the run; empty where there is none."""
    place = folder / FOLDER
    return sorted(path.relative_to(folder) for path in place.glob("*") if path.is_file())


def course_frame(
    course: Course, dates: pd.DatetimeIndex, geos: tuple[str, ...], channels: tuple[str, ...], new: list[str]
) -> pd.DataFrame:
    """A course as a table, every digit of it: one row per market and period, with spend, delivery and controls."""
    parts = []
    for geo, market in enumerate(geos):
        columns: dict[str, Any] = {"market": market, "period": [f"{day:%Y-%m-%d}" for day in dates]}
        for place, name in enumerate(channels):
            columns[_SPEND + name] = course.spend[geo, :, place]
            columns[_MEDIA + name] = course.media[geo, :, place]
        columns |= {_NEW + name: course.new[:, place] for place, name in enumerate(new)}
        controls = _of_geo(course.controls, market)
        if controls is not None:
            columns |= {_CONTROL + str(name): controls[name].to_numpy(dtype=float) for name in controls}
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def _of_geo(controls: Coming, market: str) -> pd.DataFrame | None:
    return controls if controls is None or isinstance(controls, pd.DataFrame) else controls[market]


def _course(frame: pd.DataFrame, dates: pd.DatetimeIndex, geos: tuple[str, ...]) -> Course:
    def block(mark: str) -> tuple[list[str], Array]:
        names = [column for column in map(str, frame) if column.startswith(mark)]
        values = frame[names].astype(float).to_numpy().reshape(len(geos), len(dates), len(names))
        return [name.removeprefix(mark) for name in names], values

    (_, spend), (_, media), (_, new), (names, values) = (block(mark) for mark in (_SPEND, _MEDIA, _NEW, _CONTROL))
    tables = {geo: pd.DataFrame(values[at], index=dates, columns=names) for at, geo in enumerate(geos)}
    controls: Coming = None if not names else tables if len(geos) > 1 else tables[geos[0]]
    return Course(spend, media, None, controls, new[0])

"""Tests of a plan file: national on/off tests designed and read, and tests of conversion rates valued."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from attribution.errors import BadInput
from attribution.files import write_whole
from mmm import OnOffDesign, OnOffReadout, RateReadout, arms_from_frame, read_on_off, read_rates, worth_of_lift
from mmm.experiments.on_off_design import KIND
from mmm.experiments.rate_readout import RateWorth
from optimizer.planning.file.config import read_config
from optimizer.planning.inputs.inputs import read_inputs
from optimizer.planning.run import draws_of, planned
from optimizer.planning.stages.model import mix_model
from optimizer.planning.stages.national_tests import NationalTests, design_national_tests
from optimizer.planning.stages.progress import Progress

__all__ = ["design_on_off_tests", "is_on_off", "read_on_off_test", "read_rate_test"]

_FOLDER = "tests"


def design_on_off_tests(
    path: Path | str,
    channels: Sequence[str] = (),
    change: float = -1.0,
    most_weeks: int = 26,
    start: str | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
) -> tuple[NationalTests, tuple[Path, ...]]:
    """Design a national on/off test of some channels of a plan file, or of all, and write the designs.

    Parameters
    ----------
    path
        The plan file.
    channels, change, most_weeks, start
        As :func:`optimizer.planning.stages.national_tests.design_national_tests` takes them.
    out
        Output folder; the plan file's own where None. Designs go into its folder ``tests``.
    progress
        Where stages are reported; standard error by default.

    Returns
    -------
    The designs, and the files written: ``on_off_<channel>.json`` and ``.csv`` of each, and ``on_off.csv``.

    Raises
    ------
    BadInput, NotConverged, InfeasiblePlan
        See their exit codes.
    """
    progress = progress or Progress()
    run = planned(path, out, progress, "test design")
    assert run.posterior is not None and run.plan is not None and run.config.plan is not None  # noqa: S101, PT018
    with progress.stage("Designs") as update:
        designed = design_national_tests(
            run.posterior,
            draws_of(run, run.posterior),
            run.plan,
            run.config.plan.weeks,
            change,
            run.config.seed,
            channels,
            most_weeks,
            start,
            update,
        )
    folder = (out or run.document.folder / run.config.output) / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    files = {"on_off.csv": _csv(designed.table)}
    for prospect in designed.prospects:
        stem = f"on_off_{_slug(prospect.design.channel)}"
        if f"{stem}.json" in files:
            stem += f"_{len(files)}"
        files[f"{stem}.json"] = json.dumps(prospect.design.to_json(), indent=2, ensure_ascii=False) + "\n"
        files[f"{stem}.csv"] = _csv(prospect.design.calendar())
    return designed, _written(folder, files)


def is_on_off(design: Path) -> bool:
    """Whether a file is the design of an on/off test; whatever is wrong with it is for its reader to say."""
    try:
        said = json.loads(design.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(said, dict) and said.get("kind") == KIND


def read_on_off_test(
    path: Path | str, design: Path, out: Path | None = None, progress: Progress | None = None
) -> tuple[OnOffReadout, tuple[Path, ...]]:
    """Read an on/off test that is over from a plan file whose weekly table holds its weeks.

    Parameters
    ----------
    path
        The plan file.
    design
        What :func:`design_on_off_tests` wrote.
    out
        Output folder; the plan file's own where None.
    progress
        Where stages are reported; standard error by default.

    Returns
    -------
    The readout, and the files written: its row for ``data.lift_tests``, and its weeks.

    Raises
    ------
    BadInput
        Where the design is none, or the weekly table does not hold its weeks.
    """
    progress = progress or Progress()
    config, document = read_config(path)
    if not design.is_file():
        raise BadInput(f"{design}: there is no such file. Remedy: give the JSON that cac test on-off wrote.")
    drawn = OnOffDesign.from_json(design.read_text(encoding="utf-8"), design.name)
    asked = config.model_copy(update={"plan": None, "scenarios": [], "stress": None})
    with progress.stage("Checking inputs"):
        inputs = read_inputs(asked, document, journeys_too=False)
    if inputs.panel is None:
        raise BadInput("cac test readout needs data.weekly in the plan file, which has none.")
    readout = read_on_off(drawn, inputs.panel, mix_model(asked, inputs))
    folder = (out or document.folder / config.output) / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    stem = design.stem
    weeks = readout.by_period.rename_axis("start").reset_index()
    files = {f"{stem}_lift_test.csv": _csv(pd.DataFrame([vars(readout.test)])), f"{stem}_weeks.csv": _csv(weeks)}
    return readout, _written(folder, files)


def read_rate_test(
    table: Path,
    planned_visitors: int,
    plan: Path | None = None,
    through: float = 1.0,
    out: Path | None = None,
    progress: Progress | None = None,
) -> tuple[RateReadout, dict[str, RateWorth]]:
    """Read a test of conversion rates, and say what its arms are worth at today's spend of a plan file.

    Parameters
    ----------
    table
        One row per arm, or per day and arm: arm, visitors, conversions.
    planned_visitors
        Visitors in all that the test was planned for.
    plan
        A plan file; nothing is valued where None.
    through
        Share of all customers who pass what was tested.
    out, progress
        As for :func:`design_on_off_tests`.

    Raises
    ------
    BadInput, NotConverged, InfeasiblePlan
        See their exit codes.
    """
    readout = read_rates(arms_from_frame(table), planned=planned_visitors)
    if plan is None:
        return readout, {}
    run = planned(plan, out, progress or Progress(), "test rates")
    assert run.plan is not None  # noqa: S101
    now = run.plan.now
    outlay = now.fixed_cost + float(now.spend.sum())
    worth = {one.arm: worth_of_lift(one, now.customers, outlay, through) for one in readout.comparisons}
    return readout, worth


def _csv(frame: pd.DataFrame) -> str:
    return frame.to_csv(index=False, float_format="%.10g", lineterminator="\n")


def _written(folder: Path, files: dict[str, str]) -> tuple[Path, ...]:
    for name, text in files.items():
        write_whole(folder / name, text)
    return tuple(folder / name for name in files)


def _slug(name: str) -> str:
    return re.sub(r"[^0-9A-Za-z._-]+", "_", name).strip("._") or "channel"

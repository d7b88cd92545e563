"""Tests of a plan file: national on/off tests designed and read, and tests of conversion rates valued."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem, UnknownChannel
from attribution.files import write_whole
from attribution.numbers import percent, significant
from mmm import OnOffDesign, OnOffReadout, Panel, RateReadout, arms_from_frame, read_on_off, read_rates, worth_of_lift
from mmm.data.odd_columns import cut_short
from mmm.data.outlying_cells import outlying_cells
from mmm.data.running_totals import running_totals
from mmm.data.unit_changes import unit_changes
from mmm.experiments.on_off_design import KIND, MOST_CHANGE
from mmm.experiments.rate_readout import RateWorth
from optimizer.planning.experiments.geo_unread import TIMES, gone, not_counted
from optimizer.planning.file.config import read_config
from optimizer.planning.inputs.inputs import read_inputs
from optimizer.planning.inputs.reading import in_terms_of_the_file, names_of
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
    config, _ = read_config(path)
    if config.data.weekly is not None and config.plan is not None:
        known = [*config.data.weekly.channels, *config.plan.new_channels]
        for channel in channels:
            if channel not in known:
                raise UnknownChannel(channel, known, "the plan file")
    if change == 0:
        raise BadInput("a test changes spend. Remedy: give --change -1 for off, or 0.5 for half more.")
    if not -1 <= change <= MOST_CHANGE:
        text = f"--change {change:g} adds {percent(change)} to the channel's spend, which no test does."
        raise BadInput(f"{text} Remedy: give -1 for off, 0.5 for half more, {MOST_CHANGE:g} at most.")
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
    The readout, and the files written: its row for ``data.lift_tests`` where the test was run, and its weeks.

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
    panel, names = inputs.panel, {**names_of(config), "design": design.name}
    names["the weekly table"] = names["panel"]
    if problems := list(_uncounted(drawn, panel, names)):
        raise BadInput(problems)
    readout = in_terms_of_the_file(lambda: read_on_off(drawn, panel, mix_model(asked, inputs)), names)
    looks = (outlying_cells(panel), unit_changes(panel), running_totals(panel), cut_short(panel))
    readout = replace(readout, findings=(*readout.findings, *(look for look in looks if not look.passed)))
    folder = (out or document.folder / config.output) / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    stem = design.stem
    weeks = readout.by_period.rename_axis("start").reset_index()
    files = {f"{stem}_weeks.csv": _csv(weeks)}
    if readout.was_run:
        files = {f"{stem}_lift_test.csv": _csv(pd.DataFrame([vars(readout.test)])), **files}
    else:
        (folder / f"{stem}_lift_test.csv").unlink(missing_ok=True)  # of an earlier readout
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
    readout = in_terms_of_the_file(
        lambda: read_rates(arms_from_frame(table), planned=planned_visitors), {"rates": table.name}
    )
    if plan is None:
        return readout, {}
    for one in readout.comparisons:
        worth_of_lift(one, np.ones(1), 1.0, through)  # what has no worth is told before anything is fitted
    run = planned(plan, out, progress or Progress(), "test rates")
    assert run.plan is not None  # noqa: S101
    now = run.plan.now
    outlay = now.fixed_cost + float(now.spend.sum())
    worth = {one.arm: worth_of_lift(one, now.customers, outlay, through) for one in readout.comparisons}
    return readout, worth


def _uncounted(design: OnOffDesign, panel: Panel, names: Mapping[str, str]) -> Iterator[Problem]:
    """An outcome on which no readout can rest."""
    yield from not_counted(panel, names["panel"], panel.kpi_name)
    dates, start = panel.dates, pd.Timestamp(design.start)
    during = np.asarray((dates >= start) & (dates < start + pd.Timedelta(days=design.periods * design.days)))
    kpi, before = panel.kpi.sum(axis=0), np.asarray(dates < start)
    if not before.any() or during.sum() < design.periods:
        return  # for the readout to say
    if gone(kpi[before], kpi[during]):
        text = "is 0 in periods of the test and never was."
        yield Problem(names["panel"], text, panel.kpi_name, remedy="give what came; a period that lacks is no zero.")
    usual = float(np.median(kpi[during][np.repeat(design.schedule, design.block) == 0]))
    if not 1 / TIMES <= (times := usual / max(float(np.median(kpi[before])), 1e-300)) <= TIMES:
        text = f"is {significant(times)} times in the usual blocks of the test what it was before."
        yield Problem(
            names["panel"], text, panel.kpi_name, remedy="write it in one unit, of the same days, throughout."
        )


def _csv(frame: pd.DataFrame) -> str:
    return frame.to_csv(index=False, float_format="%.10g", lineterminator="\n")


def _written(folder: Path, files: dict[str, str]) -> tuple[Path, ...]:
    for name, text in files.items():
        write_whole(folder / name, text)
    return tuple(folder / name for name in files)


def _slug(name: str) -> str:
    return re.sub(r"[^0-9A-Za-z._-]+", "_", name).strip("._") or "channel"

"""Designs of geo tests for a plan file: what each would show, cost and be worth."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from attribution.errors import BadInput
from attribution.numbers import amount, count, counted, percent
from mmm.experiments.geo_assignment import matched_pairs, stratified
from mmm.experiments.geo_design import GeoCell
from mmm.experiments.geo_proposal import GO_DARK, HEAVY_UP, HOLD_OUT, GeoChange, Proposal, propose_geo_test
from mmm.experiments.geo_spend import SpendChange
from optimizer.planning.experiments.geo_ground import Ground, ground_of
from optimizer.planning.experiments.geo_history import History
from optimizer.planning.experiments.geo_table import columns_of
from optimizer.planning.experiments.geo_worth import Question, question_of, row_of, spending_geos, worth_most
from optimizer.planning.experiments.written import write_set
from optimizer.planning.file.config import Config, read_config
from optimizer.planning.file.keys.plan import NextTests, PlanSection
from optimizer.planning.inputs.inputs import read_inputs
from optimizer.planning.inputs.reading import in_terms_of_the_file
from optimizer.planning.stages.fit import fit_or_load, require_convergence
from optimizer.planning.stages.progress import Progress
from optimizer.planning.stages.ready import ready

__all__ = ["DESIGN", "FOLDER", "GeoDesigns", "design_geo_tests", "lines"]

DESIGN = "design.json"
FOLDER = "geo-test"
"""Where designs stand in the output folder."""


@dataclass(frozen=True, eq=False)
class GeoDesigns:
    """Proposals, most worth first.

    Parameters
    ----------
    proposals
        In the order of the table.
    table
        A row per cell of each.
    spends
        Of each proposal's cells: what would be changed by design.
    ground
        What they were made on.
    """

    proposals: tuple[Proposal, ...]
    table: pd.DataFrame
    spends: tuple[tuple[SpendChange, ...], ...]
    ground: Ground


def design_geo_tests(
    path: Path,
    out: Path | None = None,
    *,
    channels: Sequence[str] = (),
    together: bool = False,
    weeks: int | None = None,
    seed: int | None = None,
    start: str | None = None,
    progress: Progress | None = None,
) -> tuple[GeoDesigns, tuple[Path, ...]]:
    """Design geo tests for a plan file; ``design.json`` and ``design.csv`` stand in ``geo-test`` of the output folder.

    Parameters
    ----------
    path
        The plan file.
    out
        Output folder; None for the plan file's ``output``. A fit kept there is used again.
    channels
        Channels to design for; the five whose tests are worth most where empty.
    together
        One test with a cell for each of the channels, in place of tests one by one.
    weeks
        Length; that of ``plan.tests`` where None.
    seed
        Of the assignment; the plan file's where None.
    start
        First day; the day after the table by geo where None.
    progress
        Where stages are reported; standard error by default.

    Raises
    ------
    BadInput, NotConverged
        See their exit codes.
    """
    progress = progress or Progress()
    config, document = read_config(path)
    section = config.plan
    if section is None:
        raise BadInput("cac test design needs plan in the plan file, which has none.")
    columns_of(config)
    channels = tuple(dict.fromkeys(channels))
    folder = out if out is not None else document.folder / config.output
    with progress.stage("Checking inputs"):
        inputs = read_inputs(config, document)
        ready(config, document, inputs)
        ground = ground_of(config, inputs, document.folder, channels)
        panel = ground.panel
    with progress.stage("Mix model") as update:
        posterior = fit_or_load(config, inputs, folder, update)
        if posterior is None:
            raise BadInput("cac test design needs data.weekly in the plan file, which has none.")
        require_convergence(posterior, config.model.accept_unconverged)
    keys = section.tests or NextTests()
    length, drawn = weeks or keys.weeks, config.seed if seed is None else seed
    with progress.stage("Designs"):
        question = question_of(config, section, inputs, posterior)
        names = list(channels) or worth_most(question, keys, section, panel)
        changes = [replace(HEAVY_UP, change=keys.change)] if keys.change > 0 else [HOLD_OUT, GO_DARK, HEAVY_UP]
        sets = [dict.fromkeys(names, HOLD_OUT)] if together else [{name: one} for name in names for one in changes]
        assign = matched_pairs if keys.assign == "pairs" else stratified
        made: dict[Any, Proposal] = {}
        proposals = []
        for one in sets:
            kind = tuple((change.share, spending_geos(panel, name)) for name, change in one.items())
            if kind not in made:
                propose = partial(propose_geo_test, seed=drawn, start=start or ground.first, assign=assign)
                made[kind] = in_terms_of_the_file(partial(propose, panel, one, length), {"panel": ground.name})
            proposals.append(_named(made[kind], one, length))
        designs = _weighed(proposals, question, section, ground)
    return designs, _write(designs, folder / FOLDER, config)


def _named(proposal: Proposal, changes: dict[str, GeoChange], weeks: int) -> Proposal:
    """The proposal as one of other channels with the same geos."""
    pairs = zip(changes.items(), proposal.design.cells, strict=True)
    cells = tuple(GeoCell(name, change.change, cell.geos) for (name, change), cell in pairs)
    title = " and ".join(f"{change.name} of {name}" for name, change in changes.items())
    return replace(proposal, design=replace(proposal.design, name=f"{title}, {counted(weeks, 'week')}", cells=cells))


def _weighed(proposals: Sequence[Proposal], question: Question, section: PlanSection, ground: Ground) -> GeoDesigns:
    panel = ground.panel
    rows, spends, order = [], [], []
    recent = panel.spend[:, -13 * panel.per_week :].mean(axis=1)
    for proposal in proposals:
        cells = []
        for place, cell in enumerate(proposal.design.cells):
            by_geo = recent[:, panel.channels.index(cell.channel)] * proposal.periods
            inside, beside = (np.isin(panel.geos, names) for names in (cell.geos, proposal.design.controls))
            without = float(by_geo[inside].sum())
            cells.append(SpendChange(cell.change * without, without, float(by_geo[beside].sum())))
            part = without / float(by_geo.sum()) * ground.parts[cell.channel]
            share = proposal.periods / panel.per_week / section.weeks * part
            rows.append(row_of(proposal, place, share, cells[-1], question))
        spends.append(tuple(cells))
        order.append(max(row["worth"] for row in rows[-len(cells) :]))
    first = sorted(range(len(proposals)), key=lambda place: -order[place])
    table = pd.DataFrame(rows)
    names = [proposals[place].design.name for place in first]
    table = table.set_index("design").loc[names].reset_index()
    return GeoDesigns(
        tuple(proposals[place] for place in first), table, tuple(spends[place] for place in first), ground
    )


def _write(designs: GeoDesigns, folder: Path, config: Config) -> tuple[Path, ...]:
    """Both files, together or not at all."""
    said = {
        "kind": "geo",
        "plan": config.name,
        "currency": config.currency,
        "outcome": config.outcome,
        "national": designs.ground.national,
        "columns": asdict(designs.ground.columns),
        "history": asdict(History.of(designs.ground.panel, tuple(designs.ground.columns.spend))),
        "designs": [
            {**proposal.design.to_dict(), "spend": [asdict(one) for one in spend]}
            for proposal, spend in zip(designs.proposals, designs.spends, strict=True)
        ],
    }
    table = designs.table.to_csv(index=False, float_format="%.6g")
    return write_set(folder, {"design.csv": table, DESIGN: json.dumps(said, indent=1, default=str) + "\n"})


def lines(designs: GeoDesigns) -> list[str]:
    """What a terminal shows of each design."""
    return [*designs.ground.notes, *map(_line, designs.table.to_dict("records"))]


def _line(row: Any) -> str:
    cost, power = amount(row["spend"]), percent(row["power"])
    expected, error, seen, worth = (count(row[name]) for name in ("customers", "standard_error", "detectable", "worth"))
    return (
        f"{row['design']}: {row['channel']} in {counted(row['geos'], 'geo')} against "
        f"{counted(row['controls'], 'control')}, {expected} "
        f"customers expected with a standard error of {error}. Of {seen} four tests in five would show something, of "
        f"what is expected {power} would. Spend changes by {cost}; what is learnt is worth {worth} customers."
    )

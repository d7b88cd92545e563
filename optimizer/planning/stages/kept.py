"""The question of a run as a file: curves, organic customers and limits, enough to ask again without data or fit."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from attribution.errors import BadInput, NotConverged, Problem
from mmm import ResponseCurves
from mmm.arrays import Array
from mmm.curves.storage import packed, unpacked
from optimizer.planning.file.config import Config, config_of
from optimizer.planning.file.document import Document
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.file.markets import Markets
from optimizer.planning.file.payback import Earned, as_asked
from optimizer.planning.inputs.timetable import booked_already
from optimizer.planning.ledger.manifest import read_manifest, require_whole
from optimizer.planning.ledger.runs import run_with
from optimizer.planning.stages.order import by_spend
from optimizer.planning.stages.result import Run
from optimizer.planning.stages.riders import Held
from optimizer.question.groups import SpendLimits
from optimizer.question.limits import Subject

__all__ = ["QUESTION", "Kept", "kept_of", "kept_question", "question_bytes"]

QUESTION = "question.npz"
_HEADER, _WORTH = "header", "worth_"


@dataclass(frozen=True, eq=False)
class Kept:
    """What a run asked, and what it asked it of.

    Parameters
    ----------
    name, run
        The plan file's name for it, and the run's folder.
    config, document
        The plan file, by cell where the table holds several markets.
    markets
        Its cells.
    curves, organic
        Over the horizon: draws by channel, and of customers who come unpaid, shape (draws,).
    now, seen, planned
        Present spend, the most ever spent over a horizon and the run's plan, currency by channel.
    held, tried, booked
        Limits that the run added to those of the plan file.
    doubted
        Channels whose credit may be hidden demand.
    worth
        Draws of what a customer of each channel is worth; None without cohorts.
    earned
        What a customer of each channel earns by month; None without cohorts.
    """

    name: str
    run: Path
    config: Config
    document: Document
    markets: Markets
    curves: ResponseCurves
    organic: Array
    now: pd.Series
    seen: pd.Series
    planned: pd.Series
    held: tuple[Held, ...]
    tried: tuple[Held, ...]
    booked: tuple[SpendLimits, ...]
    doubted: tuple[str, ...]
    worth: dict[str, Array] | None = field(default=None, repr=False)
    earned: Earned | None = field(default=None, repr=False)

    @property
    def section(self) -> PlanSection:
        """The plan file's question."""
        if self.config.plan is None:
            raise ValueError("the run has no plan section")
        return self.config.plan

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """Channels in the order in which everything shows them: by the run's planned spend."""
        return by_spend(pd.DataFrame({"planned": self.planned, "now": self.now}))


def kept_of(run: Run, place: Path) -> Kept:
    """The question of a run with a plan; ``place`` is the run's folder."""
    plan, markets = run.plan, run.inputs.markets
    if plan is None or markets is None:
        raise ValueError("the run has no plan")
    channels = plan.curves.channels
    return Kept(
        name=run.config.name,
        run=place,
        config=run.config,
        document=run.document,
        markets=markets,
        curves=plan.curves,
        organic=np.asarray(plan.organic.predicted),
        now=plan.now.spend,
        seen=plan.observed_maximum,
        planned=plan.allocation.spend,
        held=plan.held,
        tried=plan.tried,
        booked=tuple(booked_already(run.inputs.timetable, channels)),
        doubted=plan.doubted,
        worth=run.inputs.worth_of(channels),
        earned=Earned.of(run.inputs.customer_values, run.config),
    )


def question_bytes(kept: Kept) -> bytes:
    """What of a question the plan file does not say, as ``question.npz`` holds it."""
    curves, arrays = packed(kept.curves)
    channels, worth = list(kept.curves.channels), kept.worth or {}
    header = {
        "curves": curves,
        "markets": {"names": kept.markets.names, "channels": kept.markets.channels, "cells": kept.markets.cells},
        "held": [vars(one) for one in kept.held],
        "tried": [vars(one) for one in kept.tried],
        "booked": [{**vars(one.subject), "at_least": one.at_least} for one in kept.booked],
        "doubted": kept.doubted,
        "worth": list(worth),
        "earned": None if kept.earned is None else vars(kept.earned),
    }
    for name, spend in (("now", kept.now), ("seen", kept.seen), ("planned", kept.planned)):
        arrays[name] = spend.reindex(channels).to_numpy(float)
    arrays |= {f"{_WORTH}{place}": np.asarray(one) for place, one in enumerate(worth.values())}
    arrays |= {"organic": kept.organic, _HEADER: np.array(json.dumps(header))}
    whole = io.BytesIO()
    np.savez_compressed(whole, **arrays)  # type: ignore[arg-type]
    return whole.getvalue()


def kept_question(folder: Path) -> Kept:
    """The question of the last run in a folder.

    Parameters
    ----------
    folder
        The run's own, or the output folder.

    Raises
    ------
    BadInput
        No finished run, one without a plan, or one whose files are not as it wrote them.
    NotConverged
        A run whose fit did not pass the gate, whatever its plan file accepts.
    """
    place = run_with(folder, QUESTION)
    require_whole(place)
    manifest = read_manifest(place)
    if not manifest["converged"]:
        raise NotConverged(f"{place.name}: its fit did not converge, so nothing is planned on it; run cac plan again.")
    if QUESTION not in manifest["outputs"]:
        remedy = "run cac plan on a plan file with a plan section; runs of older versions keep no question."
        raise BadInput(Problem(place.name, f"holds no {QUESTION}.", remedy=remedy))
    file = manifest["plan_file"]
    document = Document.of(Path(str(file["name"])), str(file["text"]))
    with np.load(place / QUESTION, allow_pickle=False) as arrays:
        return _kept(place, config_of(document), document, {name: arrays[name] for name in arrays.files})


def _kept(place: Path, config: Config, document: Document, arrays: dict[str, Any]) -> Kept:
    header = json.loads(str(arrays[_HEADER]))
    stated = header["markets"]
    cells = {cell: (channel, market) for cell, (channel, market) in stated["cells"].items()}
    markets = Markets(tuple(stated["names"]), tuple(stated["channels"]), cells)
    curves = unpacked(header["curves"], arrays)
    index = pd.Index(curves.channels, name="channel")
    worth = {name: arrays[f"{_WORTH}{number}"] for number, name in enumerate(header["worth"])}
    earned = None if header.get("earned") is None else Earned(**header["earned"])
    return Kept(
        name=config.name,
        run=place,
        config=as_asked(config, earned, markets),
        document=document,
        markets=markets,
        curves=curves,
        organic=arrays["organic"],
        now=pd.Series(arrays["now"], index),
        seen=pd.Series(arrays["seen"], index),
        planned=pd.Series(arrays["planned"], index),
        held=tuple(Held(**one) for one in header["held"]),
        tried=tuple(Held(**one) for one in header["tried"]),
        booked=tuple(
            SpendLimits(Subject(one["name"], one["kind"], tuple(one["members"])), at_least=one["at_least"])
            for one in header["booked"]
        ),
        doubted=tuple(header["doubted"]),
        worth=worth or None,
        earned=earned,
    )

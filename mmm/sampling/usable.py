"""What a fit asks of a panel: media that act, an outcome that the likelihood explains, rows for its parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from attribution.errors import BadInput, Problem, bounded, require
from mmm.arrays import Array
from mmm.data.lift_tests import LiftTest
from mmm.data.panel import Panel, silent_geos
from mmm.model.baseline import Design, Season, Trend
from mmm.model.demand import ControlFunctions
from mmm.model.effects import Effects
from mmm.model.lift_trust import LiftTrust
from mmm.model.model import Likelihood, Model, Pooling
from mmm.model.priors import Prior
from mmm.sampling.layout import Layout
from mmm.sampling.national_problem import reference_noise

__all__ = ["active", "check_outcome", "parameter_count", "require_kinds", "require_lengths"]

_PARTS: dict[str, tuple[type, str]] = {
    "effects": (Effects, "mmm.TotalAndSplit()"),
    "trend": (Trend, "mmm.LinearTrend()"),
    "season": (Season, "mmm.Season(order=2)"),
    "likelihood": (Likelihood, "mmm.NormalLikelihood()"),
    "lift_tests": (LiftTest, "those of mmm.lift_tests_from_frame(table)"),
    "lift_trust": (LiftTrust, "mmm.LiftTrust()"),
    "pooling": (Pooling, "mmm.Pooling()"),
    "demand": (ControlFunctions, "mmm.ControlFunctions()"),
}
_SEVERAL = ("trend", "season", "lift_tests")
_MAY_LACK = ("season", "demand")


def require_kinds(panel: object, model: object) -> None:
    """Refuse what is no panel and no model.

    Raises
    ------
    BadInput
        With the way from a table to a panel.
    """
    remedy = "make one first: mmm.Panel.from_frame(frame, date=..., kpi=..., spend=[...])."
    require(panel, Panel, "panel", remedy)
    require(model, (Model, type(None)), "model", "give mmm.Model(...), with what is assumed as its parts, or None.")
    if isinstance(model, Model) and (wrong := [*_odd_parts(model)]):
        raise BadInput(wrong)


def require_lengths(**given: object) -> None:
    """Refuse lengths and seeds that are no whole numbers from 1 (of tuning and seeds from 0) on; None is chosen later.

    Raises
    ------
    BadInput
        Every one of them.
    """
    problems = []
    for name, value in given.items():
        least = 0 if name in ("tune", "seed") else 1
        is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if value is not None and not (is_whole and value >= least):  # type: ignore[operator]
            problems.append(Problem(name, f"is {value!r}.", remedy=f"give a whole number of {least} or more."))
    if problems:
        raise BadInput(problems)


def _odd_parts(model: Model) -> Iterator[Problem]:
    """Parts of a model that are no such objects, as where a plan file's word stands."""
    for name, (kind, example) in _PARTS.items():
        value = getattr(model, name)
        several = value if isinstance(value, tuple | list) and name in _SEVERAL else (value,)
        odd = [one for one in several if not isinstance(one, kind)]
        if odd and (value is not None or name not in _MAY_LACK):
            yield Problem(
                f"the model's {name}", f"is {bounded(repr(odd[0]), 80)}.", remedy=f"give an object such as {example}."
            )
    if isinstance(model.lift_tests, LiftTest):
        yield Problem("the model's lift_tests", "is one test alone.", remedy="give a tuple: (test,).")
    yield from _odd_by_channel(model.organic_share, model.rides_on)


def _odd_by_channel(shares: object, rides_on: object) -> Iterator[Problem]:
    given = [*shares.values()] if isinstance(shares, Mapping) else [shares]
    if not all(isinstance(prior, Prior) for prior in given):
        text, remedy = f"is {bounded(repr(shares), 80)}.", "give a prior such as mmm.LogNormal(0.05, 1.0)."
        yield Problem("the model's organic_share", text, remedy=remedy)
    if not isinstance(rides_on, Mapping) or any(isinstance(drivers, str) for drivers in rides_on.values()):
        text, remedy = f"is {bounded(repr(rides_on), 80)}.", "give lists of names: {'brand_search': ['tv']}."
        yield Problem("the model's rides_on", text, remedy=remedy)


def active(panel: Panel) -> Panel:
    """The panel without channels that never spent or delivered anything."""
    acts = dict(zip(panel.media_names, panel.media.sum(axis=(0, 1)) > 0, strict=True))
    return panel.with_channels(
        [channel for channel in panel.channels if acts[channel]],
        [channel for channel in panel.organic_channels if acts[channel]],
    )


def check_outcome(panel: Panel, likelihood: Likelihood) -> None:
    """Refuse a KPI that the model cannot explain.

    Raises
    ------
    BadInput
        Where a geo's is the same throughout, or a likelihood of counts gets one that is no whole number.
    """
    problems = silent_geos("panel", panel.kpi_name, panel.geos, panel.kpi)
    for geo, values in zip(panel.geos, panel.kpi, strict=True):
        if values[0] > 0 and not np.ptp(values) > 1e-9 * values[0]:
            where = f" in {geo}" if len(panel.geos) > 1 else ""
            text = f"is {values[0]:,.10g} in every period{where}: there is nothing that a model could explain."
            remedy = "name the column of new customers, by week; a plan or a mean filled down is none."
            problems.append(Problem("panel", text, panel.kpi_name, remedy=remedy))
    fractions = np.argwhere(np.abs(panel.kpi - np.rint(panel.kpi)) > 1e-9 * np.maximum(panel.kpi, 1.0))
    if likelihood.counts and len(fractions):
        geo, period = fractions[0]
        where = f"row of {panel.dates[period].date().isoformat()}" + (f", {panel.geos[geo]}" if geo else "")
        text = f"is {panel.kpi[geo, period]:,.10g}, which is no count; {len(fractions)} such rows."
        remedy = "give whole numbers, or use mmm.NormalLikelihood()."
        problems.append(Problem("panel", text, panel.kpi_name, where, remedy=remedy))
    if problems:
        raise BadInput(problems)


def parameter_count(places: Layout, terms: Design, kpi: Array) -> int:
    """Parameters that a model learns from a panel, the baseline's included.

    The steps of a wandering level count by the degrees of freedom that its prior leaves them, which are far fewer.

    Parameters
    ----------
    places
        Of the model's parameters.
    terms, kpi
        Columns of the first geo's baseline, and its KPI, shape (T,).
    """
    steps = np.array([group == "level" for group in terms.groups])
    count = places.size + int((~steps).sum())
    if not steps.any():
        return count
    noise = reference_noise(kpi / kpi.mean(), terms.matrix[:, ~steps])
    singular = np.linalg.svd(terms.matrix[:, steps] * terms.sd[steps] / noise, compute_uv=False)
    return count + int(np.ceil((singular**2 / (1.0 + singular**2)).sum()))

"""prepare: a panel and a model made ready for sampling, once for each fit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self, TypeAlias

from attribution.errors import BadInput
from attribution.errors import Problem as Complaint
from attribution.findings import Finding
from mmm.arrays import Array
from mmm.data.lift_checks import check_tests
from mmm.data.panel import Panel
from mmm.data.panel_checks import check_panel
from mmm.model.baseline import Design
from mmm.model.model import Model
from mmm.sampling.demand_checks import check_demand
from mmm.sampling.geo_problem import GeoProblem, standardise_geos
from mmm.sampling.layout import Layout, layout
from mmm.sampling.lift_weights import lift_weights, with_errors
from mmm.sampling.national_problem import Problem, standardise
from mmm.sampling.usable import active, check_outcome, parameter_count

__all__ = ["Prepared", "Stated", "prepare"]

Stated: TypeAlias = Problem | GeoProblem
"""A panel and a model in the kernel's units, national or by geo."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """Everything about a fit that no draw changes.

    Parameters
    ----------
    given
        The panel as given.
    panel
        With the channels that spent anything, and the organic ones that did anything.
    model
        What it says of those.
    layout
        Places of the parameters.
    designs
        Columns of each geo's baseline.
    parameters
        How many the model learns from the panel.
    problem
        In the kernel's units.
    seen
        Findings on the model and this panel together: what follows demand, and its lift tests.
    information
        For the record of a fit: how far each lift test counts.
    """

    given: Panel
    panel: Panel
    model: Model
    layout: Layout
    designs: tuple[Design, ...]
    parameters: int
    problem: Stated
    seen: tuple[Finding, ...]
    information: dict[str, Any]

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """On the panel as given, for this model; looked for where they are asked for."""
        return (*check_panel(self.given, self.parameters), *self.seen)

    def with_kpi(self, kpi: Array) -> Self:
        """The same with another KPI, in the units and the shape of the problem's."""
        return replace(self, problem=replace(self.problem, kpi=kpi))


def prepare(panel: Panel, model: Model | None = None) -> Prepared:
    """Make a panel and a model, the default one where None, ready for sampling.

    Raises
    ------
    BadInput
        Where no channel has any spend, the panel has fewer rows than the model has parameters, the KPI is none that the
        model can explain, or the kernel knows a family of the model not.
    """
    kept, model = active(panel), Model() if model is None else model
    if not kept.channels:
        remedy = "name the right spend columns; a model without media has nothing to say."
        raise BadInput(Complaint("panel", "no channel has any spend.", remedy=remedy))
    check_outcome(kept, model.likelihood)
    about, designs, demand = _about_demand(kept, model.about(panel, kept))
    places = layout(about, kept)
    count, rows = parameter_count(places, designs[0], kept.kpi[0]), kept.kpi.size
    if rows < count:
        text = f"has {rows} rows, fewer than the model's {count} parameters."
        remedy = "lengthen the panel, join channels, drop controls or lower the season's order."
        raise BadInput(Complaint("panel", text, remedy=remedy))
    if len(kept.geos) > 1:
        problem: Stated = standardise_geos(kept, about, places, designs)
    else:
        problem = standardise(kept, about, places, designs[0])
    seen = (*demand, *check_tests(about.lift_tests, panel))
    information: dict[str, Any] = {}
    if about.lift_tests:
        weights = lift_weights(kept, about)
        problem = with_errors(problem, weights.factor)
        seen += weights.findings()
        information["lift_tests"] = weights.record()
    return Prepared(
        given=panel,
        panel=kept,
        model=about,
        layout=places,
        designs=designs,
        parameters=count,
        problem=problem,
        seen=seen,
        information=information,
    )


def _about_demand(panel: Panel, model: Model) -> tuple[Model, tuple[Design, ...], tuple[Finding, ...]]:
    """The model with control functions for the channels that follow demand, where it wants them; what was seen."""
    plain = _designs(panel, replace(model, demand=None))
    findings = check_demand(panel, model, plain)
    if model.demand is None:
        return model, plain, findings
    if model.demand.channels is None:
        named = next(finding.channels for finding in findings if finding.name == "follows_demand")
        model = replace(model, demand=replace(model.demand, channels=named))
    return model, _designs(panel, model), findings


def _designs(panel: Panel, model: Model) -> tuple[Design, ...]:
    return tuple(model.design(panel, geo) for geo in range(len(panel.geos)))

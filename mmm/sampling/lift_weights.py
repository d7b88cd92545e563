"""How far lift tests count in a fit, from what the weekly data predict for them without any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pandas as pd

from mmm.arrays import Array
from mmm.data.lift_tests import LiftTest
from mmm.data.observed_tests import Observed, observe
from mmm.data.one_market import one_market
from mmm.data.outside_tests import geos_of, rows_of, stand_in
from mmm.data.panel import Panel
from mmm.model.model import Model
from mmm.posterior.lift_evidence import Evidence, gains
from mmm.posterior.lift_findings import LiftWeights
from mmm.posterior.media import ChannelDraws, Drivers, media_draws
from mmm.sampling.geo_problem import GeoProblem
from mmm.sampling.laplace import around_mode
from mmm.sampling.layout import layout
from mmm.sampling.national_problem import Problem, standardise

__all__ = ["lift_weights", "with_errors"]

Stated = TypeVar("Stated", bound=Problem | GeoProblem)

_DRAWS = 1000
_BETWEEN = 0.25  # how far one geo may differ from all, as the usual prior between geos has it


def lift_weights(panel: Panel, model: Model) -> LiftWeights:
    """Weigh a model's lift tests against the Gaussian around the mode of the fit without them.

    Geos are summed for that, because by geo the mode stands for nothing. A test of some geos is then predicted as one
    of the whole market that changed as much of the spend, in proportion to what was spent in its geos, and geos may
    differ by a quarter.

    Parameters
    ----------
    panel, model
        A usable panel and a model about it, with at least one test.
    """
    observed, trust = observe(model.lift_tests, panel), model.lift_trust
    drawn, part = _predicted(panel, model)
    end = panel.after(1)[0]
    aged = [trust.aged((end - pd.Timestamp(test.end)).days / 7) for test in model.lift_tests]
    measured, error = observed.measured.T
    spread = np.where(part < 1, _BETWEEN, 0.0) * drawn.mean(axis=1)
    evidence = Evidence(
        model.lift_tests,
        measured,
        error * aged,
        drawn.mean(axis=1),
        np.atleast_2d(np.cov(drawn)) + np.diag(spread**2),
        np.quantile(drawn, [0.05, 0.95], axis=1),
        observed.correlation,
    )
    taken = evidence.error if trust.limit is None else evidence.weighed(trust.limit, trust.doubt)
    return LiftWeights(evidence, taken, taken / error, trust)


def with_errors(problem: Stated, factor: Array) -> Stated:
    """The problem with the standard errors of its lift tests times ``factor``, shape (M,)."""
    tests = problem.tests
    measured = np.column_stack([tests.measured[:, 0], tests.measured[:, 1] * factor])
    constant = problem.log_constant - float(np.log(factor).sum())
    return replace(problem, tests=replace(tests, measured=measured), log_constant=constant)


def _predicted(panel: Panel, model: Model) -> tuple[Array, Array]:
    """Draws of each test's gain without any test, shape (M, S), and its geos' part of all spend, shape (M,)."""
    whole, alone = one_market(panel), replace(model, lift_tests=())
    columns = alone.design(whole)
    problem = standardise(whole, alone, layout(alone, whole), columns)
    values = problem.natural(around_mode(problem.fused(), _DRAWS, np.random.default_rng(0)))
    here = [stand_in(test, panel) for test in model.lift_tests]
    part = np.array([_part(test, panel) for test in here])
    wide = [
        replace(test, geo="", spend_change=test.spend_change / share) for test, share in zip(here, part, strict=True)
    ]
    observed = observe(wide, whole)
    return part[:, None] * gains(observed, whole, (_tested(observed, whole, alone, values),)), part


def _tested(observed: Observed, panel: Panel, model: Model, values: Mapping[str, Array]) -> dict[int, ChannelDraws]:
    """Draws of the channels that have a test, by place: the others' would cost as much each."""
    places = sorted(set(observed.places[:, 0].tolist()))
    families = tuple(model.families(panel)[place] for place in places)
    named = {"share"}.union(*(family.priors for pair in families for family in pair))
    own = {name: draws[..., places] for name, draws in values.items() if name in named}
    (cell,) = media_draws(families, own, Drivers.of(panel).only(places))
    return dict(zip(places, cell, strict=True))


def _part(test: LiftTest, panel: Panel) -> float:
    """Part of a channel's spend that fell to a test's geos, over its window where it added spend."""
    rows = slice(*rows_of(test, panel)) if test.spend_change > 0 else slice(None)
    spend = panel.spend[:, rows, panel.channels.index(test.channel)].sum(axis=1)
    return float(spend[geos_of(test, panel)].sum() / spend.sum())

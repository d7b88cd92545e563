"""How far lift tests count in a fit, from what the weekly data predict for them without any."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
import pandas as pd

from mmm.arrays import Array
from mmm.data.observed_tests import Observed, observe
from mmm.data.panel import Panel
from mmm.model.model import Model
from mmm.posterior.lift_evidence import Evidence, gains
from mmm.posterior.lift_findings import LiftWeights
from mmm.posterior.media import Drivers, media_draws
from mmm.sampling.geo_problem import GeoProblem
from mmm.sampling.laplace import around_mode
from mmm.sampling.national_problem import Problem

__all__ = ["lift_weights", "with_errors"]

_DRAWS = 1000

Stated = TypeVar("Stated", Problem, GeoProblem)


def lift_weights(panel: Panel, model: Model, problem: Problem | GeoProblem) -> LiftWeights:
    """Weigh a model's lift tests against the Gaussian around the mode of the problem without them.

    Of several geos the spreads between them are held where chains start, for in those the density has no mode that
    stands for it.

    Parameters
    ----------
    panel, model
        A usable panel and a model about it, with at least one test.
    problem
        Their problem.
    """
    observed, trust = observe(model.lift_tests, panel), model.lift_trust
    drawn = gains(observed, panel, media_draws(model.families(panel), _values(problem), Drivers.of(panel)))
    end = panel.after(1)[0]
    aged = [trust.aged((end - pd.Timestamp(test.end)).days / 7) for test in model.lift_tests]
    measured, error = observed.measured.T
    evidence = Evidence(
        model.lift_tests,
        measured,
        error * aged,
        drawn.mean(axis=1),
        np.atleast_2d(np.cov(drawn)),
        np.quantile(drawn, [0.05, 0.95], axis=1),
    )
    taken = evidence.error if trust.limit is None else evidence.weighed(trust.limit, trust.doubt)
    return LiftWeights(evidence, taken, taken / error, trust)


def with_errors(problem: Stated, factor: Array) -> Stated:
    """The problem with the standard errors of its lift tests times ``factor``, shape (M,)."""
    tests = problem.tests
    measured = np.column_stack([tests.measured[:, 0], tests.measured[:, 1] * factor])
    constant = problem.log_constant - float(np.log(factor).sum())
    return replace(problem, tests=replace(tests, measured=measured), log_constant=constant)


def _values(problem: Problem | GeoProblem) -> dict[str, Array]:
    """Draws of the media's parameters without lift tests, each of shape (S, ...)."""
    tests = problem.tests
    none = Observed(tests.places[:0], tests.measured[:0], tests.series[:0], tests.otherwise[:0])
    rng = np.random.default_rng(0)
    if isinstance(problem, GeoProblem):
        alone = replace(problem, tests=none)
        return alone.local(around_mode(alone.fused(), _DRAWS, rng, alone.between))
    national = replace(problem, tests=none)
    return national.natural(around_mode(national.fused(), _DRAWS, rng))

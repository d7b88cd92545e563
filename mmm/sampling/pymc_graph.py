"""The mix model as a PyMC graph: the readable reference.

The fused kernel samples the same density many times faster, for every likelihood; a test holds log density and
gradient of the two together. Only this module imports PyMC; PyTensor calls NumPy for its matrix products, unless the
user has chosen a library (``mmm/sampling/pytensor_settings.py``).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt

from attribution.errors import BadInput
from attribution.errors import Problem as Complaint
from mmm.data.panel import Panel
from mmm.model.level import level_constant, level_precision
from mmm.model.model import Model, NegativeBinomialLikelihood, NormalLikelihood, StudentTLikelihood
from mmm.model.priors import (
    AroundLevel,
    Beta,
    Gamma,
    HalfNormal,
    LogNormal,
    Normal,
    Prior,
)
from mmm.sampling.layout import Block
from mmm.sampling.national_problem import Problem
from mmm.sampling.prepared import prepare
from mmm.sampling.pytensor_settings import settle_blas

__all__ = ["build", "coordinates"]

_STIRLING = {1: 1 / 12, 3: -1 / 360, 5: 1 / 1260, 7: -1 / 1680, 9: 1 / 1188, 11: -691 / 360360}


def build(panel: Panel, model: Model) -> Any:
    """The PyMC model of a national panel.

    Free variables are named after the blocks of the layout, in its order, then ``sigma`` (or ``dispersion``); where
    the baseline does not collapse, ``whitened`` stands for its coefficients.

    Compile with ``mode="NUMBA"``, as in ``build(panel, model).compile_logp(mode="NUMBA")``: it needs neither a C
    compiler nor a BLAS library of the system. PyTensor's default mode writes C, with NumPy for matrix products, and
    takes about twice as long a call; on a machine without a C compiler it falls back to Python, and says so when it
    is imported: hundreds of times slower (``python tests/benchmarks/mmm_graph.py``).

    Raises
    ------
    BadInput
        Where the panel has several geos, whose density is the kernel's alone; else as :func:`mmm.fit`.
    """
    if len(panel.geos) > 1:
        remedy = "sum the geos, or use mmm.fit."
        raise BadInput(Complaint("model", "a panel by geo has no graph in PyMC.", remedy=remedy))
    settle_blas()
    prepared = prepare(panel, model)
    problem, panel, model = prepared.problem, prepared.panel, prepared.model
    assert isinstance(problem, Problem)  # noqa: S101  a national panel's
    # without this policy PyTensor takes the log of a curve's constants in single precision
    with pytensor.config.change_flags(cast_policy="numpy+floatX"), pm.Model() as graph:
        values = {(block.name, block.start): _variable(block) for block in problem.layout.blocks}
        _level(problem, values)
        noise = _prior("sigma", (problem.layout.sigma,), scalar=True)
        media, lifts = _media(problem, panel, model, values)
        _likelihood(problem, model, media, noise)
        if lifts:
            tests = problem.tests
            away = pt.stack(lifts) - tests.measured[:, 0]
            quadratic = pt.dot(away, pt.dot(tests.weighed[:, 1:], away))
            pm.Potential("lift_tests", tests.log_constant - 0.5 * quadratic)
    return graph


def coordinates(problem: Problem, theta: np.ndarray) -> dict[str, np.ndarray]:
    """A flat point of the fused kernel as PyMC's named point on its unconstrained scale."""
    suffix = {Beta.code: "_logodds__", Normal.code: ""}
    point = {
        _name(block) + suffix.get(block.priors[0].code, "_log__"): theta[block.start : block.start + len(block.priors)]
        for block in problem.layout.blocks
    }
    size = problem.layout.size
    explicit = {} if problem.integrated else {"whitened": theta[size:]}
    return {**point, "sigma_log__": np.asarray(theta[size - 1]), **explicit}


def _name(block: Block) -> str:
    return f"{block.name}_{type(block.priors[0]).__name__}_{block.start}"


def _variable(block: Block) -> Any:
    return _prior(_name(block), block.priors)


def _level(problem: Problem, values: dict[tuple[str, int], Any]) -> None:
    """What the log prior gains because shares have a level in common; see :func:`mmm.kernel.prior.level_terms`."""
    for block in problem.layout.blocks:
        if isinstance(block.priors[0], AroundLevel):
            centre, sigma = np.array([prior.numbers for prior in block.priors]).T
            pull = ((pt.log(values[block.name, block.start]) - centre) / sigma**2).sum()
            whole = level_precision(block.priors) + (sigma**-2.0).sum()
            pm.Potential("level", 0.5 * pull**2 / whole + level_constant(block.priors))


def _prior(name: str, priors: tuple[Prior, ...], scalar: bool = False) -> Any:
    """One variable for priors of one family, a vector unless ``scalar``."""

    def constants(attribute: str) -> Any:
        values = np.array([getattr(prior, attribute) for prior in priors])
        return values[0] if scalar else values

    match priors[0]:
        case Normal():
            return pm.Normal(name, constants("mean"), constants("sd"))
        case LogNormal() | AroundLevel():
            return pm.LogNormal(name, np.log(constants("median")), constants("sigma"))
        case HalfNormal():
            return pm.HalfNormal(name, constants("scale"))
        case Beta():
            return pm.Beta(name, constants("a"), constants("b"))
        case Gamma():
            return pm.Gamma(name, constants("shape"), constants("rate"))
    raise TypeError(f"no PyMC distribution for {type(priors[0]).__name__}")


def _media(problem: Problem, panel: Panel, model: Model, values: dict[tuple[str, int], Any]) -> tuple[Any, list[Any]]:
    """What media bring by period, shape (T,), and what each lift test gained."""
    by_reach = panel.by_reach
    total: Any = 0.0
    gained: list[Any] = [None] * len(problem.tests.places)
    for channel, (adstock, saturation) in enumerate(model.families(panel)):
        drawn = _of_channel(problem, values, channel)
        first, second = [drawn[name] for name in adstock.priors], [drawn[name] for name in saturation.priors]
        weights = adstock.weights(*[pt.atleast_1d(value) for value in first])

        def saturated(amount: Any, saturation: Any = saturation, second: Any = second) -> Any:
            return saturation.response(amount, *second)

        def response(
            series: np.ndarray,
            channel: int = channel,
            lags: int = adstock.window,
            weights: Any = weights,
            saturated: Any = saturated,
        ) -> Any:
            rows = np.lib.stride_tricks.sliding_window_view(np.arange(len(series)), lags)[-len(problem.kpi) :, ::-1]
            if by_reach[channel]:
                carried = series * saturated(problem.frequency[channel])
                return pt.dot(carried[rows], weights)[:, 0]
            return saturated(pt.dot(series[rows], weights)[:, 0])

        own = response(problem.media[channel])
        scale = drawn["share"] / own.mean()
        total = total + scale * own
        for m, (tested, begin, end) in enumerate(problem.tests.places):
            if tested == channel:
                without = response(problem.tests.otherwise[m])
                gained[m] = scale * (own - without)[begin:end].sum()
    return total, gained


def _of_channel(problem: Problem, values: dict[tuple[str, int], Any], channel: int) -> dict[str, Any]:
    return {
        block.name: values[block.name, block.start][block.channels.index(channel)]
        for block in problem.layout.blocks
        if channel in block.channels
    }


def _likelihood(problem: Problem, model: Model, media: Any, noise: Any) -> None:
    match model.likelihood:
        case NormalLikelihood():
            residual = problem.kpi - media
            quadratic = (residual**2).sum() - (pt.dot(problem.columns.T, residual) ** 2).sum()
            _, logdet = _determinant(problem)
            constant = -0.5 * len(problem.kpi) * np.log(2 * np.pi) + 0.5 * logdet
            pm.Potential("kpi", constant - len(problem.kpi) * pt.log(noise) - 0.5 * quadratic / noise**2)
        case StudentTLikelihood(freedom=freedom):
            mean = media + pt.dot(problem.design.matrix, _coefficients(problem, media))
            pm.StudentT("kpi", nu=freedom, mu=mean, sigma=noise, observed=problem.kpi)
        case NegativeBinomialLikelihood():
            mean = (
                pt.maximum(media + pt.dot(problem.design.matrix, _coefficients(problem, media)), 1e-6)
                * problem.kpi_unit
            )
            counts = np.rint(problem.kpi * problem.kpi_unit)
            pm.CustomDist("kpi", mean, 1.0 / noise**2, logp=_negative_binomial, observed=counts)


def _negative_binomial(count: Any, mean: Any, shape: Any) -> Any:
    """Log density of counts; PyMC's own loses its digits where the shape is large, which is close to Poisson.

    There the difference of log gamma functions is written with Stirling's series; :mod:`mmm.kernel.noise` says how.
    """
    large, small = pt.maximum(shape, 10.0), pt.minimum(shape, 10.0)
    near = (large - 0.5) * pt.log1p(count / large) - count + count * pt.log1p((count - mean) / (large + mean))
    near = near + _stirling_rest(count + large) - _stirling_rest(large)
    far = pt.gammaln(count + small) - pt.gammaln(small) - count * pt.log(small + mean)
    density = count * pt.log(mean) - pt.gammaln(count + 1.0) - shape * pt.log1p(mean / shape)
    return density + pt.switch(shape > 10.0, near, far)


def _stirling_rest(x: Any) -> Any:
    """What Stirling's formula leaves of log gamma, for x >= 10."""
    return sum(factor / x**power for power, factor in _STIRLING.items())


def _determinant(problem: Problem) -> tuple[float, float]:
    """Sign and logarithm of the determinant of I - B Bᵀ."""
    gram = np.eye(problem.columns.shape[1]) - problem.columns.T @ problem.columns
    sign, logarithm = np.linalg.slogdet(gram)
    return float(sign), float(logarithm)


def _coefficients(problem: Problem, media: Any) -> Any:
    """The baseline's coefficients, sampled around what a regression of the residual gives."""
    explicit = problem.explicit
    whitened = pm.Flat("whitened", shape=len(explicit.sd))
    regressed = pt.dot(explicit.regression, problem.kpi - media)
    coefficients = pm.Deterministic("baseline", regressed + pt.dot(explicit.spread, whitened))
    volume = float(np.log(np.diag(explicit.spread)).sum())
    pm.Potential("baseline_prior", pm.logp(pm.Normal.dist(0.0, explicit.sd), coefficients).sum() + volume)
    return coefficients

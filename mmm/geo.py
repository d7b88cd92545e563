"""The standardised problem of a panel with several geos, and its density in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from attribution.errors import BadInput
from attribution.errors import Problem as Complaint
from mmm.baseline import Design, design
from mmm.geo_kernel import GEO_FIELDS, c_geo_log_density
from mmm.layout import Layout, layout
from mmm.lift import Observed, observe
from mmm.likelihood import FusedDensity, laid_out
from mmm.panel import Panel
from mmm.priors import Array, HalfNormal, Normal, Prior
from mmm.specification import Model, NormalLikelihood
from mmm.standard import marginal_columns, reference_noise

_UNUSED = HalfNormal(1.0)  # the spread of the noise: every geo has a noise of its own

__all__ = ["GeoProblem", "fuse_geos", "standardise_geos"]


@dataclass(frozen=True, eq=False)
class GeoProblem:
    """A panel of several geos in units of each geo's mean KPI, media per unit of its size.

    Parameters
    ----------
    layout
        Places of the common parameters.
    varying
        Coordinates of the layout that vary between geos, shape (H,).
    spreads
        Priors of their spreads.
    designs
        Columns of each geo's baseline.
    kpi_units
        Mean KPI of each geo, shape (G,).
    media_units
        Driver of each geo and channel that counts as one, shape (G, C).
    kpi, media, frequency, columns, weights
        As :func:`mmm.geo_kernel.geo_log_density` takes them.
    scale
        Prior standard deviation of each geo's coefficients over its sigma, shape (G, K).
    tests
        Lift tests, gains in units of all geos' mean KPI together; alternative drivers of shape (S, P + T).
    log_constant
        Terms of the log density that no parameter moves.
    """

    layout: Layout
    varying: npt.NDArray[np.int64]
    spreads: tuple[Prior, ...]
    designs: tuple[Design, ...]
    kpi_units: Array
    media_units: Array
    kpi: Array
    media: Array
    frequency: Array
    columns: Array
    weights: Array
    scale: Array
    tests: Observed
    log_constant: float

    @property
    def priors(self) -> tuple[Prior, ...]:
        """The prior of each sampled coordinate."""
        noise = self.layout.sigma
        row = [noise if place == self.layout.size - 1 else Normal(0.0, 1.0) for place in self.varying]
        return (*self.layout.priors, *self.spreads, *(row * len(self.kpi)))

    @property
    def centre(self) -> Array:
        """Where chains start, shape (n,)."""
        return np.array([prior.centre for prior in self.priors])

    def local(self, theta: Array) -> dict[str, Array]:
        """Natural values of each geo's parameters.

        Parameters
        ----------
        theta
            Draws, shape (..., n).

        Returns
        -------
        Parameter name -> shape (..., G, C); ``"sigma"`` -> shape (..., G).
        """
        size, count, geos = self.layout.size, len(self.varying), len(self.kpi)
        common = np.repeat(theta[..., None, :size], geos, axis=-2)
        spread = np.exp(theta[..., size : size + count])
        normals = theta[..., size + count :].reshape(*theta.shape[:-1], geos, count)
        moved = common[..., self.varying] + spread[..., None, :] * normals
        common[..., self.varying] = np.where(self.varying == size - 1, normals, moved)
        values = self.layout.natural(common)
        del values["baseline"]
        return values


def standardise_geos(panel: Panel, model: Model) -> GeoProblem:
    """Bring a panel of several geos and a model to the arrays of :class:`GeoProblem`.

    Media enter per unit of a geo's size (its population where the panel has one, else its KPI), so that one
    half-saturation serves large and small geos.

    Raises
    ------
    BadInput
        Where the model asks for another likelihood than the normal, or a lift test does not fit the panel.
    """
    _check(model)
    places = layout(model, panel)
    kpi_units = panel.kpi.mean(axis=1)
    media_units = panel.media_units
    lead = places.longest - 1
    ahead = np.repeat((panel.before / media_units)[:, :, None], lead, axis=2)
    media = np.concatenate([ahead, (panel.media / media_units[:, None]).transpose(0, 2, 1)], axis=2)
    frequency = panel.frequency_with_lead(lead).transpose(0, 2, 1)
    kpi = panel.kpi / kpi_units[:, None]
    designs = tuple(
        design(panel, model.trends, model.seasons, controls=panel.controls[geo]) for geo in range(len(panel.geos))
    )
    noise = [
        reference_noise(row, np.column_stack([terms.matrix, media[geo, :, lead:].T]))
        for geo, (row, terms) in enumerate(zip(kpi, designs, strict=True))
    ]
    scale = np.stack([terms.sd / one for terms, one in zip(designs, noise, strict=True)])
    blocks = [marginal_columns(terms.matrix, one) for terms, one in zip(designs, scale, strict=True)]
    varying, spreads = _varying(places, model)
    tests = _scaled(observe(model.lift_tests, panel), kpi_units, media_units, ahead)
    problem = GeoProblem(
        layout=places,
        varying=varying,
        spreads=spreads,
        designs=designs,
        kpi_units=kpi_units,
        media_units=media_units,
        kpi=np.ascontiguousarray(kpi),
        media=np.ascontiguousarray(media),
        frequency=np.ascontiguousarray(frequency),
        columns=np.ascontiguousarray(np.stack([columns.T for columns, _ in blocks])),
        weights=kpi_units / kpi_units.sum(),
        scale=scale,
        tests=tests,
        log_constant=0.0,
    )
    constant = sum(one for _, one in blocks) - 0.5 * (kpi.size + len(tests.measured)) * float(np.log(2 * np.pi))
    constant -= float(np.log(tests.measured[:, 1]).sum())
    constant += sum(prior.log_constant for prior in problem.priors)
    object.__setattr__(problem, "log_constant", float(constant))
    return problem


def _check(model: Model) -> None:
    if not isinstance(model.likelihood, NormalLikelihood):
        remedy = "sum the geos, or use it."
        raise BadInput(Complaint("model", "several geos need the normal likelihood.", remedy=remedy))


def _scaled(tests: Observed, kpi_units: Array, media_units: Array, ahead: Array) -> Observed:
    """Lift tests in the units of :class:`GeoProblem`; ``ahead`` holds the drivers before the panel, (G, C, P)."""
    geos, channels = tests.series[:, 1], tests.places[tests.series[:, 0], 0]
    media = np.hstack([ahead[geos, channels], tests.otherwise / media_units[geos, channels, None]])
    return replace(tests, measured=tests.measured / kpi_units.sum(), otherwise=media)


def _varying(places: Layout, model: Model) -> tuple[npt.NDArray[np.int64], tuple[Prior, ...]]:
    wanted = dict(model.pooling.spreads)
    coordinates: list[int] = []
    spreads: list[Prior] = []
    for block in places.blocks:
        if block.name in wanted:
            coordinates += range(block.start, block.start + len(block.priors))
            spreads += [wanted[block.name]] * len(block.priors)
    coordinates.append(places.size - 1)
    return np.array(coordinates, dtype=np.int64), (*spreads, _UNUSED)


def fuse_geos(problem: GeoProblem) -> FusedDensity:
    """Lay a problem out in memory for the kernel."""
    tests = problem.tests
    lengths = (problem.kpi.shape[1], problem.columns.shape[1], len(problem.varying))
    sizes = (*problem.media.shape, *lengths, len(tests.places), len(tests.series))
    tested, geos = tests.places[tests.series[:, 0], 0], tests.series[:, 1]
    arrays = (
        problem.media,
        problem.frequency,
        problem.kpi,
        problem.columns,
        problem.weights,
        problem.layout.families,
        problem.layout.slots,
        problem.varying,
        tests.otherwise,
        problem.frequency[geos, tested],
        tests.places,
        tests.series,
        tests.measured,
    )
    return laid_out(problem, sizes, arrays, GEO_FIELDS, c_geo_log_density)

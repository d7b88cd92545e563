"""What the data taught of each channel beside its share: how long its effects last, and how much more money brings."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from attribution.estimates import MEDIAN
from mmm.arrays import Array
from mmm.data.panel import Panel
from mmm.model.adstock import Adstock
from mmm.model.model import Model
from mmm.model.priors import Parametric
from mmm.model.saturation import Saturation

__all__ = ["DOUBLED", "LASTING", "parameter_shift"]

LASTING, DOUBLED = "weeks until half has come", "effect of twice the spend"
"""The two questions that every family answers in one unit, whatever its own parameters are called."""

_DRAWS = 4000


def parameter_shift(panel: Panel, model: Model, flat: Callable[[str], Array], rng: np.random.Generator) -> pd.DataFrame:
    """See :meth:`mmm.Posterior.parameter_shift`.

    Parameters
    ----------
    panel, model
        What was fitted.
    flat
        Parameter name -> its draws by channel, shape (S, M); of several geos, those of their mean.
    rng
        Of the draws from the priors.
    """
    rows = []
    for place, (name, (adstock, saturation)) in enumerate(zip(panel.media_names, model.families(panel), strict=True)):
        rows += list(_shifted(name, LASTING, adstock, _lasting(adstock), place, flat, rng))
        if not panel.by_reach[place]:  # where spend buys reach, twice of it always brings twice as much
            rows += list(_shifted(name, DOUBLED, saturation, _doubled(saturation), place, flat, rng))
    columns = [f"{side} {point}" for side in ("prior", "posterior") for point in MEDIAN]
    return pd.DataFrame(rows, columns=["channel", "parameter", *columns])


def _lasting(adstock: Adstock) -> Callable[..., Array]:
    return adstock.half_life


def _doubled(saturation: Saturation) -> Callable[..., Array]:
    def times(*parameters: Array) -> Array:
        once, twice = (saturation.response(np.array(stock), *parameters) for stock in (1.0, 2.0))
        return np.asarray(twice / once)

    return times


def _shifted(
    channel: str,
    parameter: str,
    family: Parametric,
    question: Callable[..., Array],
    place: int,
    flat: Callable[[str], Array],
    rng: np.random.Generator,
) -> Iterator[tuple[object, ...]]:
    """One row, or none where the family has nothing to learn."""
    if not family.priors:
        return
    before = question(*(prior.sample(rng, _DRAWS) for prior in family.priors.values()))
    after = question(*(flat(name)[:, place] for name in family.priors))
    points = list(MEDIAN.values())
    yield (channel, parameter, *np.nanquantile(before, points), *np.nanquantile(after, points))

"""What one point more at a step of the funnel is worth: customers over the horizon, and the blended CAC."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from attribution.arrays import Array
from attribution.economics import ALL, Funnel
from attribution.economics.funnel_rates import rate_draws
from attribution.estimates import Estimate
from mmm.model.model import ORGANIC
from optimizer.answer.evaluation import Evaluation

__all__ = ["worth_of_points"]

POINT = 0.01


def worth_of_points(
    funnel: Funnel, rates: pd.DataFrame, leading: tuple[str, ...], now: Evaluation, cells: Mapping[str, str], seed: int
) -> pd.DataFrame:
    """One row per row of ``rates``.

    Customers come in proportion to the rate of each step that they pass, later rates unchanged; how many pass is what
    the mix model says that each channel brings at today's spend, and of organic ones where the funnel has them.

    Parameters
    ----------
    funnel, rates
        The counts, and their rates.
    leading
        Stages that lead to a new customer: steps into others win none.
    now
        Draws of customers at today's spend.
    cells
        Channel or cell of the plan -> its channel.
    seed
        Of the draws of rates.

    Returns
    -------
    ``point_customers``, ``point_cac`` and the change ``point_cac_change``, each with its 90 % interval; NaN where a
    point more is past 100 %, the step wins no customers, or the mix model knows nothing of the channel.
    """
    rows, before = [], np.asarray(now.customers, dtype=float)
    outlay = now.fixed_cost + float(now.spend.sum())
    rng = np.random.default_rng(seed)
    for _, row in rates.iterrows():
        names = funnel.channels if row["channel"] == ALL else (str(row["channel"]),)
        on_way = [name for name in names if ALL in funnel.channels or row["before"] in funnel.passed_by(name)]
        passing = _passing(on_way, now, cells)
        unknown = Estimate.exact(np.nan)
        if passing is None or row["after"] not in leading or row["rate"] + POINT > 1 or row["rate"] == 0:
            told = (unknown, unknown, unknown)
        else:
            drawn = rate_draws(float(row["rate"]), float(row["effective"]), len(before), rng)
            gain = passing * POINT / np.maximum(drawn, 1e-12)
            cac = outlay / np.mean(before + gain)
            told = (
                Estimate(float(passing.mean() * POINT / row["rate"]), *np.quantile(gain, [0.05, 0.95]).tolist()),
                Estimate(float(cac), *np.quantile(outlay / (before + gain), [0.05, 0.95]).tolist()),
                Estimate.of(outlay / (before + gain) - outlay / before),
            )
        named = zip(("point_customers", "point_cac", "point_cac_change"), told, strict=True)
        rows.append({key: value for name, estimate in named for key, value in estimate.flat(name).items()})
    return pd.DataFrame(rows, index=rates.index)


def _passing(on_way: list[str], now: Evaluation, cells: Mapping[str, str]) -> Array | None:
    """Draws of the customers of some channels, organic ones among them where named; None where none is known."""
    if on_way == [ALL]:
        return np.asarray(now.customers, dtype=float)
    own = [cell for cell in now.paid if cells.get(str(cell), str(cell)) in on_way]
    parts = [now.paid[own].to_numpy().sum(axis=1)] if own else []
    parts += [np.asarray(now.organic, dtype=float)] if ORGANIC in on_way else []
    return None if not parts else np.asarray(sum(parts), dtype=float)

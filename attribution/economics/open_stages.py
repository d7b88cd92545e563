"""How many of those who are still at a stage will come to the last one (Kaplan and Meier, 1958)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from attribution.arrays import Array
from attribution.economics.product_limit import at_risk_and_gone
from attribution.estimates import Estimate

__all__ = ["still_to_come"]

_DRAWS = 1000
_ENOUGH = 20  # who took a step, from which a channel has lags of its own
_LEAST = 5  # who were seen as long as a lag, below which nothing is said of it
_LATE = 0.95  # of those who came had come


def still_to_come(
    when: pd.DataFrame, stages: Sequence[str], seed: int = 0, everybody: pd.DataFrame | None = None
) -> pd.DataFrame:
    """A row per stage: who is there now, and how many of them will come to the last stage.

    Of one who has been at a stage for a while, the chance to go on is that of those who were there as long; who goes on
    passes the stages after it as everybody does who comes to them. Nobody is taken to go on later than anybody has.

    Parameters
    ----------
    when
        Persons x stages, the first time at each, NaT where not seen.
    stages
        In their order.
    seed
        Of the draws.
    everybody
        The same for all, of whom these are some: their lags stand in for steps that few of these took.

    Returns
    -------
    ``here``, ``to_come`` with its 90 % interval, and ``older``, how many of those here are there for longer than 95 %
    of those took who went on; NaN for the last stage. With ``everybody`` also ``lags_of``: ``channel`` or ``all``.
    """
    moments = _moments(when, stages)
    others = moments if everybody is None else _moments(everybody, stages)
    known, rng = ~np.isnat(moments), np.random.default_rng([seed, 14])
    furthest, end = known.sum(axis=1) - 1, others[~np.isnat(others)].max()
    rows, whose = list[dict[str, float]](), list[str]()
    on = np.ones(_DRAWS)  # draws of the share that comes from the next stage to the last
    for place in reversed(range(len(stages) - 1)):
        own = everybody is None or (known[:, place] & known[:, place + 1]).sum() >= _ENOUGH
        lags, ages = _step(moments if own else others, place, end)
        here = _days(end - moments[known[:, place] & (furthest == place), place])
        row, passed = _foreseen(lags, ages, here, on, rng)
        rows.insert(0, row)
        whose.insert(0, "channel" if own else "all")
        on = on * passed
    unknown = {"here": np.nan, "older": np.nan, **Estimate.exact(np.nan).flat("to_come")}
    table = pd.DataFrame([*rows, unknown], index=list(stages))
    return table if everybody is None else table.assign(lags_of=[*whose, ""])


def _moments(when: pd.DataFrame, stages: Sequence[str]) -> np.ndarray:
    """A stage that was skipped was passed with the next one."""
    return np.asarray(when[list(stages)].bfill(axis=1).to_numpy(dtype="datetime64[s]"))


def _step(moments: np.ndarray, place: int, end: np.datetime64) -> tuple[Array, Array]:
    """Lags to the next stage of all who came to one, NaN of who is not there yet, and how long each could be seen."""
    seen = ~np.isnat(moments[:, place])
    lags = _days(moments[seen, place + 1] - moments[seen, place])
    return np.maximum(lags, 0.0), _days(end - moments[seen, place])


def _days(spans: np.ndarray) -> Array:
    return np.asarray(spans / np.timedelta64(1, "s") / 86_400)


def _foreseen(
    lags: Array, ages: Array, here: Array, on: Array, rng: np.random.Generator
) -> tuple[dict[str, float], Array]:
    """Of persons with their lags to the next stage (NaN for who is not there) and ages, and the ages of those here.

    Also draws of the share of all who go on.
    """
    at, risk, gone = at_risk_and_gone(lags, ages)
    at, risk, gone = (each[risk >= _LEAST] for each in (at, risk, gone))
    if not len(at):
        nothing = {"here": float(len(here)), "older": np.nan, **Estimate.exact(np.nan).flat("to_come")}
        return nothing, np.full(_DRAWS, np.nan)
    hazard = rng.beta(gone, np.maximum(risk - gone, 0) + 1e-9, (_DRAWS, len(at)))
    left = np.column_stack([np.ones(_DRAWS), np.cumprod(1 - hazard, axis=1)])  # after so many lags
    chance = 1 - left[:, -1:] / np.maximum(left[:, np.searchsorted(at, here, side="right")], 1e-12)
    chance = np.clip(chance * on[:, None], 0.0, 1.0)
    late = float(np.quantile(lags[np.isfinite(lags)], _LATE))
    row = {"here": float(len(here)), "older": float((here > late).sum())}
    if np.isnan(on).any():
        return row | Estimate.exact(np.nan).flat("to_come"), 1 - left[:, -1]
    low, high = np.quantile(rng.binomial(1, chance).sum(axis=1).astype(float), [0.05, 0.95])
    return row | Estimate(float(chance.sum(axis=1).mean()), float(low), float(high)).flat("to_come"), 1 - left[:, -1]

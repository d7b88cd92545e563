"""The funnel of a simulated company: who was seen, clicked and signed up before the customers that there were."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmm.model.model import ORGANIC

__all__ = ["STAGES", "funnel_table"]

STAGES = ("impressions", "clicks", "sign_ups", "first_orders", "repeat_orders")

_RATES = {"clicks": (0.004, 0.03), "sign_ups": (0.08, 0.25), "first_orders": (0.2, 0.5), "repeat_orders": (0.25, 0.5)}
_UNSTEADY = 0.06  # of the logarithm of each rate, from week to week


def funnel_table(causes: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Counts by week, channel and stage; first orders are exactly the customers of each cause.

    Parameters
    ----------
    causes
        Customers, weeks (first days) x causes; ``organic`` customers begin as sign-ups.
    rng
        Of the rates, each cause's own, and of who did not go on.
    """
    parts = []
    for cause in causes:
        rates = {
            stage: np.minimum(rng.uniform(*ends) * np.exp(rng.normal(0, _UNSTEADY, len(causes))), 0.9)
            for stage, ends in _RATES.items()
        }
        won = causes[cause].to_numpy(dtype=np.int64)
        table = pd.DataFrame({"period": causes.index, "channel": cause, "first_orders": won})
        table["sign_ups"] = _entered(won, rates["first_orders"], rng)
        table["clicks"] = 0 if cause == ORGANIC else _entered(table["sign_ups"].to_numpy(), rates["sign_ups"], rng)
        seen = 0 if cause == ORGANIC else _entered(table["clicks"].to_numpy(), rates["clicks"], rng)
        table["impressions"] = seen
        table["repeat_orders"] = rng.binomial(won, rates["repeat_orders"])
        parts.append(table[["period", "channel", *STAGES]])
    return pd.concat(parts, ignore_index=True)


def _entered(passed: np.ndarray, rate: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """How many entered a step that so many passed: those who did not go on are negative binomial."""
    lost = rng.negative_binomial(np.maximum(passed, 1), rate)
    return passed + np.where(passed > 0, lost, 0)

"""A plan in a table and in sentences: what limits it, what each limit costs, what idle channels would need."""

from __future__ import annotations

from math import floor, log10

import numpy as np
import pandas as pd

from attribution.numbers import amount, cost, gap, percent, plain
from mmm.curves import ResponseCurve, ResponseCurves
from mmm.curves.inverse import spend_scale
from optimizer.answer.prices import Price
from optimizer.question.limits import Limit

__all__ = ["channel_frame", "headline", "idle_sentence", "price_sentence"]


def channel_frame(
    spend: pd.Series, won: pd.Series, marginal_cac: pd.Series, curves: ResponseCurves, now: pd.Series | None
) -> pd.DataFrame:
    """One row per channel; see ``Allocation.to_frame``."""
    draws = curves.by_channel(spend)
    with np.errstate(divide="ignore", invalid="ignore"):
        frame = pd.DataFrame(
            {
                "spend": spend,
                "customers": won,
                "customers_low": draws.quantile(0.05),
                "customers_high": draws.quantile(0.95),
                "cac": spend / won.where(won > 0),
                "marginal_cac": marginal_cac,
            }
        )
    if now is not None:
        frame.insert(0, "now", now)
        frame.insert(2, "change", spend - now)
    frame.index.name = "channel"
    return frame


def headline(spend: float, customers: float, blended_cac: float, distance: float) -> str:
    """The plan in one sentence."""
    return (
        f"Spending {amount(spend)} brings {amount(customers)} customers at a "
        f"blended CAC of {cost(blended_cac)}; its proved distance from the best allowed plan is {gap(distance)}."
    )


def price_sentence(price: Price, label: str, unit: str, value: float) -> str:
    """What a binding limit costs.

    Parameters
    ----------
    price
        The limit and its price.
    label
        What tells the limit from the plan's others.
    unit
        The words for a change of the objective's figure.
    value
        That figure.
    """
    limit = price.limit
    step = _round_step(limit.figure) if isinstance(limit, Limit) else 1.0
    effects = [_effect(side, step, unit, value) for side in (price.per_unit, -price.below)]
    if isinstance(limit, Limit) and limit.figure == 0 and not np.isfinite(price.per_unit):
        return f"{label}: the first unit above it is worth more than any unit after it."
    if effects[0] == effects[1] == "":
        return f"{label} binds, but changing it a little changes nothing."
    if not isinstance(limit, Limit):
        return f"{label} binds: one unit more of room {effects[0] or 'changes nothing'}."
    moved = limit.unit.step(step)
    note = "" if step <= 0.02 * abs(limit.figure) else " (at the margin)"
    if not price.is_one_sided:
        return f"{label}: raising it by {moved} {effects[0]}{note}."
    sides = (effect or "changes nothing" for effect in effects)
    return f"{label}: raising it by {moved} {next(sides)}, lowering it as much {next(sides)}{note}."


def _effect(per_unit: float, step: float, unit: str, value: float) -> str:
    """What a step does to the objective's figure; empty where that is nothing."""
    effect = per_unit * step
    if not np.isfinite(effect):
        return "leaves no plan"
    if abs(effect) <= 1e-6 * max(abs(value), 1e-300):
        return ""
    shown = plain(float(f"{abs(effect):.{3 if abs(effect) >= 0.1 else 1}g}"))
    return f"{'adds' if effect > 0 else 'takes off'} {shown} {unit}"


def idle_sentence(channel: str, curve: ResponseCurve, entry: float) -> str:
    """Why a channel gets nothing, and the CAC below which it would get money."""
    cheapest = _cheapest_cac(curve)
    if np.isinf(cheapest):
        return f"{channel} gets nothing: its curve brings no customers at any spend."
    if cheapest > entry:
        return (
            f"{channel} gets nothing: its customers cost {cost(cheapest)} at the least, however much it spends; "
            f"below {cost(entry)}, {percent(1 - entry / cheapest)} cheaper, it would get money."
        )
    return (
        f"{channel} gets nothing: it pays from {cost(cheapest)} per customer, yet the other limits leave no "
        "room for the spend it needs to get there."
    )


def _cheapest_cac(curve: ResponseCurve) -> float:
    """The least average cost of a customer over all spends."""
    grid = spend_scale(curve) * np.geomspace(1e-9, 1e3, 1201)
    won = curve.mean(grid)
    with np.errstate(divide="ignore"):
        return float(np.min(grid / won))


def _round_step(figure: float) -> float:
    """A round number near one per cent of the figure."""
    return 10.0 ** floor(log10(abs(figure) * 0.02)) if figure else 1.0

"""A plan in a table and in sentences: what limits it, what each limit costs, what idle channels would need."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor, log10
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mmm.curves import ResponseCurve
from mmm.curves.inverse import spend_scale
from optimizer.question.program import plain

if TYPE_CHECKING:
    from optimizer.answer.allocation import Allocation

__all__ = ["channel_frame", "sentences"]


def channel_frame(allocation: Allocation) -> pd.DataFrame:
    """One row per channel; see ``Allocation.to_frame``."""
    spend, won = allocation.spend, allocation.paid_customers
    draws = allocation.curves.by_channel(spend)
    with np.errstate(divide="ignore", invalid="ignore"):
        frame = pd.DataFrame(
            {
                "spend": spend,
                "customers": won,
                "customers_low": draws.quantile(0.05),
                "customers_high": draws.quantile(0.95),
                "cac": spend / won.where(won > 0),
                "marginal_cac": allocation.marginal_cac,
            }
        )
    if allocation.plan.now is not None:
        now = pd.Series(allocation.plan.now).reindex(spend.index)
        frame.insert(0, "now", now)
        frame.insert(2, "change", spend - now)
    frame.index.name = "channel"
    return frame


def sentences(allocation: Allocation) -> list[str]:
    """What a reader should know about the plan; see ``Allocation.explain``."""
    return [_headline(allocation), *_prices(allocation), *_idle(allocation)]


def _headline(allocation: Allocation) -> str:
    return (
        f"Spending {plain(round(allocation.total_spend))} brings {plain(round(allocation.customers))} customers at a "
        f"blended CAC of {_cost(allocation.blended_cac)}; no allowed plan beats it by more than {allocation.gap:.2%}."
    )


def _prices(allocation: Allocation) -> Iterator[str]:
    unit, size = _unit(allocation)
    for name, price in allocation.shadow_prices.items():
        figure = _figure(str(name))
        step = _round_step(figure)
        effect = price * step
        if abs(effect) <= 1e-9 * max(abs(allocation.value), 1e-300):
            yield f"{name} binds, but changing it a little changes nothing."
            continue
        verb = "adds" if effect > 0 else "takes off"
        digits = 3 if abs(effect) >= 0.1 else 1
        shown = f"{plain(float(f'{abs(effect):.{digits}g}'))} {unit}"
        note = "" if step <= 0.02 * abs(figure) or size else " (at the margin)"
        yield f"{name}: raising it by {_step_text(str(name), step)} {verb} {shown}{note}."


def _idle(allocation: Allocation) -> Iterator[str]:
    total = max(allocation.total_spend, 1e-300)
    for channel, spend in zip(allocation.curves.channels, allocation.spend, strict=True):
        if spend > 1e-9 * total:
            continue
        entry = float(allocation.entry_cac[channel])
        if not 0 < entry < np.inf:
            continue
        cheapest = _cheapest_cac(allocation.curves[channel])
        if np.isinf(cheapest):
            yield f"{channel} gets nothing: its curve brings no customers at any spend."
        elif cheapest > entry:
            yield (
                f"{channel} gets nothing: its customers cost {_cost(cheapest)} at the least, however much it spends; "
                f"below {_cost(entry)}, {1 - entry / cheapest:.0%} cheaper, it would get money."
            )
        else:
            yield (
                f"{channel} gets nothing: it pays from {_cost(cheapest)} per customer, yet the other limits leave no "
                "room for the spend it needs to get there."
            )


def _cost(amount: float) -> str:
    return f"{amount:,.2f}" if amount >= 0.1 else f"{amount:.3g}"


def _cheapest_cac(curve: ResponseCurve) -> float:
    """The least average cost of a customer over all spends."""
    grid = spend_scale(curve) * np.geomspace(1e-9, 1e3, 1201)
    won = curve.mean(grid)
    with np.errstate(divide="ignore"):
        return float(np.min(grid / won))


def _unit(allocation: Allocation) -> tuple[str, bool]:
    from optimizer.question.objectives import BlendedCAC, Customers

    objective = allocation.plan.objective
    if isinstance(objective, Customers):
        return "customers", False
    if isinstance(objective, BlendedCAC):
        return "of blended CAC", False
    return "of spend" if type(objective).__name__ == "Spend" else "of profit", False


def _figure(name: str) -> float:
    text = name.rsplit(" ", 1)[-1].replace(",", "")
    return float(text[:-1]) / 100 if text.endswith("%") else float(text)


def _round_step(figure: float) -> float:
    """A round number near one per cent of the figure."""
    return 10.0 ** floor(log10(abs(figure) * 0.02)) if figure else 1.0


def _step_text(name: str, step: float) -> str:
    return f"{step * 100:g} points" if name.endswith("%") else plain(step)

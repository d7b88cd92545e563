"""Spend as it came out, with its customers asked of each channel's own curve; nothing of a solver's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from math import fsum, inf
from typing import Any

import numpy as np

from attribution.economics.cac import Business
from attribution.errors import BadInput, Problem
from mmm.curves import ResponseCurves
from mmm.curves.base import Family
from optimizer.question.setting import Setting

__all__ = ["KEPT", "Spent", "cost_each"]

KEPT = 1e-9
"""Share of its figure by which a promise may be missed and still counts as kept."""


@dataclass(frozen=True)
class Spent:
    """Spend as it came out.

    Parameters
    ----------
    setting
        Curves, business and current spend as the user stated them; a constraint of one's own is read against it.
    amounts
        Currency over the horizon, by channel.
    won, slope
        Expected customers of a channel, and its customers per last unit of currency.
    """

    setting: Setting
    amounts: Mapping[str, float]
    won: Callable[[str], float]
    slope: Callable[[str], float]

    @classmethod
    def on_curves(cls, setting: Setting, amounts: Mapping[str, float]) -> Spent:
        """Spend over the horizon, its customers read from each channel's own curve."""
        curves = setting.curves

        @cache
        def all_won() -> dict[str, float]:
            return _won(curves, amounts)

        def won(channel: str) -> float:
            return all_won()[channel]

        def slope(channel: str) -> float:
            # of the last unit spent, to a billionth of the spend: a table's slope breaks at its rows
            near = amounts[channel] * np.array([1 - KEPT, 1.0, 1 + KEPT])
            return float(curves[channel].mean_marginal(np.maximum(near, 0.0)).max())

        return cls(setting, amounts, won, slope)

    @property
    def business(self) -> Business:
        """Fixed cost, and organic customers expected."""
        return self.setting.business

    @cached_property
    def total(self) -> float:
        """Spend over all channels."""
        return fsum(self.amounts.values())

    @cached_property
    def customers(self) -> float:
        """Expected customers, organic ones included."""
        return float(self.business.organic) + fsum(self.won(channel) for channel in self.amounts)

    @property
    def cac(self) -> float:
        """The blended CAC."""
        return cost_each(float(self.business.outlay(self.total)), self.customers)

    def of(self, members: Iterable[str]) -> list[float]:
        """Spend of some channels, each once."""
        return [self.amounts[channel] for channel in dict.fromkeys(members)]

    def present(self, where: str) -> dict[str, float]:
        """Current spend by channel."""
        if self.setting.now is None:
            raise BadInput(Problem(where, "is relative to current spend, which the plan does not state."))
        return dict(zip(self.setting.channels, self.setting.now.tolist(), strict=True))


def _won(curves: ResponseCurves, amounts: Mapping[str, float]) -> dict[str, float]:
    """Expected customers by channel; plain curves of one family are asked at once, as draws of one curve."""
    families: dict[type[Family], list[str]] = {}
    known: dict[str, float] = {}
    for channel, curve in curves.items():
        if isinstance(curve, Family) and not curves.n_draws:
            families.setdefault(type(curve), []).append(channel)
        else:
            known[channel] = float(curve.mean(max(amounts[channel], 0.0)))
    for family, members in families.items():
        own: list[Any] = [curves[channel] for channel in members]
        curve = family(**{name: [getattr(one, name) for one in own] for name in own[0].parameter_names})
        spend = np.maximum([amounts[channel] for channel in members], 0.0)
        known |= dict(zip(members, curve.at_draws(spend)[0].tolist(), strict=True))
    return known


def cost_each(outlay: float, customers: float) -> float:
    """Cost per customer; nothing costs nothing, and what brings nobody has no price."""
    return outlay / customers if customers > 0 else (inf if outlay > 0 else 0.0)

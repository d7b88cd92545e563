"""Markov attribution: the removal effect of each channel, exact and for any order.

States are the last ``order`` channels of a path, the whole path where it is shorter. The chain is absorbing: from a
path's last state it converts with the share of conversions among the paths that end there. The removal effect of a
channel is the share of conversions lost when all its states lead nowhere (Anderl, Becker, von Wangenheim and
Schumann 2016, Mapping the customer journey, International Journal of Research in Marketing 33). It is solved here,
not simulated, and so has neither noise nor a seed.

Touches of one moment have no order. The chain takes them in four (:meth:`attribution.Journeys.in_orders`), which at
order 1 is the mean over all orders where no more than two share a moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.arrays import Array
from attribution.errors import BadInput
from attribution.models.absorbing_chain import Chain
from attribution.models.model import Model, Solution
from attribution.models.sums_by_key import Tally

if TYPE_CHECKING:
    from attribution.paths.journeys import Journeys
    from attribution.paths.touches import Touches

__all__ = ["Markov"]

_CELLS = 4_000_000


@dataclass(frozen=True)
class Markov(Model):
    """Credit in proportion to the removal effect of a Markov chain.

    Parameters
    ----------
    order
        Number of past channels that make a state.
    """

    order: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.order, int) or isinstance(self.order, bool) or self.order < 1:
            raise BadInput(f"Markov needs an order of 1 or more, not {self.order!r}.")

    @property
    def name(self) -> str:
        """Such as ``"Markov order 1"``."""
        return f"Markov order {self.order}"

    def tally(self, journeys: Journeys, by: Sequence[str] = ()) -> Tally:
        """Transitions: items ``before`` (0 for the start), ``state`` and ``last`` (1 where the path ends)."""
        base = len(journeys.channels) + 1
        if base**self.order >= 2**62:
            raise BadInput(f"order {self.order} with {base - 1} channels has too many states; group the channels.")
        return Tally.gathered(journeys.in_orders(tuple(by)), lambda touches: self._moves(touches, base, by), by)

    def _moves(self, touches: Touches, base: int, by: Sequence[str]) -> pd.DataFrame:
        past = [touches.past(lag) for lag in range(1, self.order + 1)]
        items = {
            "before": sum(channel * base**place for place, channel in enumerate(past)),
            "state": touches.channel
            + 1
            + sum(channel * base ** (place + 1) for place, channel in enumerate(past[:-1])),
            "last": touches.choose(touches.closes, 1, 0),
        }
        sums = {"conversions": touches.conversions, "nulls": touches.nulls, "value": touches.value}
        return touches.group(by, items, sums)

    def solve(self, items: pd.DataFrame, sums: dict[str, Array], channels: int) -> Solution:
        """Removal effects of each replicate, normalised to its conversions and value."""
        chain = Chain.of(items, channels)
        step = max(1, _CELLS // max(1, chain.cells))
        parts = [
            chain.removal({name: values[at : at + step] for name, values in sums.items()})
            for at in range(0, len(sums["conversions"]), step)
        ]
        effect, effect_value = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
        last = items["last"].to_numpy() == 1
        return Solution(
            conversions=_scaled(effect, sums["conversions"][:, last].sum(axis=1)),
            value=_scaled(effect_value, sums["value"][:, last].sum(axis=1)),
            removal_effect=effect,
            removal_effect_value=effect_value,
        )


def _scaled(effect: Array, total: Array) -> Array:
    sums = effect.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(effect, sums, out=np.zeros_like(effect), where=sums > 0) * total[:, None])

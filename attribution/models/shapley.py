"""Shapley attribution: channels as players who share what coalitions of them earn.

Two games. In :class:`Shapley` a coalition is worth the conversions of the paths that need no other channel; the value
then has a closed form, equal parts for the different channels of each path (Zhao, Mahboobi and Bagheri 2018, Shapley
value methods for attribution modeling in online advertising). In :class:`ShapleyRate` it is worth the conversion rate
of those paths, so that paths without conversion count too (Dalessandro, Perlich, Stitelman and Provost 2012, Causally
motivated attribution for online advertising).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from attribution.arrays import Array, Flags, Ints
from attribution.errors import BadInput
from attribution.models.heuristic import Heuristic
from attribution.models.model import Model, Solution
from attribution.models.sums_by_key import Tally

if TYPE_CHECKING:
    from attribution.paths.journeys import Journeys
    from attribution.paths.touches import Touches

__all__ = ["OrderedShapley", "Shapley", "ShapleyRate"]


@dataclass(frozen=True)
class Shapley(Heuristic):
    """Equal parts to the different channels of each path, however often and in whatever order they occur."""

    sums_to_one: ClassVar[bool] = False
    weighs: ClassVar[bool] = False

    def weight(self, touches: Touches, channels: Sequence[str]) -> Any:
        """One for the first touch of each channel."""
        return touches.newcomer() * 1.0


@dataclass(frozen=True)
class OrderedShapley(Model):
    """Shapley credit, split by the place at which a channel entered the path.

    ``credit.details["by_place"]`` holds conversions by channel and place; place 1 opened the path.
    """

    def tally(self, journeys: Journeys, by: Sequence[str] = ()) -> Tally:
        """Conversions and value by place and channel."""

        def count(touches: Touches) -> pd.DataFrame:
            place, newcomer = touches.newcomers_so_far(), touches.newcomer()
            part = newcomer * 1.0 / touches.path_sum(newcomer)
            sums = {"conversions": part * touches.conversions, "value": part * touches.value}
            return touches.group(by, {"place": place, "channel": touches.channel}, sums, where=newcomer == 1)

        return Tally.gathered(journeys.in_orders(tuple(by), converting=True), count, by)

    def solve(self, items: pd.DataFrame, sums: dict[str, Array], channels: int) -> Solution:
        """Sum over places."""
        to_channel = np.eye(channels)[items["channel"].to_numpy(dtype=np.int64)]
        return Solution(sums["conversions"] @ to_channel, sums["value"] @ to_channel)

    def details(self, items: pd.DataFrame, sums: dict[str, Array], channels: Sequence[str]) -> dict[str, pd.DataFrame]:
        """Conversions by channel and place."""
        named = pd.DataFrame(
            {
                "channel": np.array(channels, dtype=object)[items["channel"].to_numpy(dtype=np.int64)],
                "place": items["place"].to_numpy(),
                "conversions": sums["conversions"][0],
            }
        )
        table = named.pivot_table(index="channel", columns="place", values="conversions", aggfunc="sum", fill_value=0.0)
        return {"by_place": table.reindex(list(channels), fill_value=0.0)}


@dataclass(frozen=True)
class ShapleyRate(Model):
    """Shapley values of the conversion rate, scaled to the conversions.

    A channel that lowers the rate of the paths it joins gets negative credit: that is what the game says, and it is
    left as it is.

    Parameters
    ----------
    exact_up_to
        Up to this many channels all coalitions are visited; past it, orders of arrival are drawn at random.
    samples
        Number of orders drawn, each with its reverse.
    seed
        The same seed draws the same orders. ``credit.details["sampling"]`` holds the standard error of drawing.
    """

    exact_up_to: int = 15
    samples: int = 2_000
    seed: int = 0

    @property
    def name(self) -> str:
        """Name for tables."""
        return "Shapley rate"

    def tally(self, journeys: Journeys, by: Sequence[str] = ()) -> Tally:
        """Conversions, non-conversions and value by set of channels, a bit each."""
        if len(journeys.channels) > 62:
            raise BadInput(f"ShapleyRate takes up to 62 channels, not {len(journeys.channels)}; group them first.")

        def count(touches: Touches) -> pd.DataFrame:
            members = touches.path_sum(touches.choose(touches.newcomer() == 1, touches.bit(touches.channel), 0))
            sums = {"conversions": touches.conversions, "nulls": touches.nulls, "value": touches.value}
            return touches.group(by, {"members": members}, sums, where=touches.closes)

        return Tally.gathered(journeys.blocks(tuple(by)), count, by)

    def solve(self, items: pd.DataFrame, sums: dict[str, Array], channels: int) -> Solution:
        """Values of each replicate; the drawn orders are the same for all."""
        masks = items["members"].to_numpy(dtype=np.int64)
        games = [sums["conversions"], sums["value"]]
        paths = sums["conversions"] + sums["nulls"]
        values = [[self._values(masks, won, paths[row], channels)[0] for row, won in enumerate(game)] for game in games]
        total = paths.sum(axis=1, keepdims=True)
        return Solution(np.array(values[0]) * total, np.array(values[1]) * total)

    def details(self, items: pd.DataFrame, sums: dict[str, Array], channels: Sequence[str]) -> dict[str, pd.DataFrame]:
        """Standard error from drawing orders; zero where all coalitions were visited."""
        paths = sums["conversions"][0] + sums["nulls"][0]
        masks = items["members"].to_numpy(dtype=np.int64)
        error = self._values(masks, sums["conversions"][0], paths, len(channels))[1] * paths.sum()
        return {"sampling": pd.DataFrame({"standard_error": error}, index=pd.Index(channels, name="channel"))}

    def _values(self, masks: Ints, won: Array, paths: Array, channels: int) -> tuple[Array, Array]:
        if channels <= self.exact_up_to:
            return _exact(masks, won, paths, channels), np.zeros(channels)
        return _drawn(masks, won, paths, channels, (self.samples, self.seed))


def _rate(won: Array, paths: Array) -> Array:
    return np.divide(won, paths, out=np.zeros_like(won), where=paths > 0)


def _exact(masks: Ints, won: Array, paths: Array, channels: int) -> Array:
    """Shapley values from all 2^channels coalitions."""
    sums = np.stack([np.bincount(masks, weights=x, minlength=1 << channels) for x in (won, paths)])
    for channel in range(channels):  # sums over subsets, one channel at a time
        view = sums.reshape(2, -1, 2, 1 << channel)
        view[:, :, 1] += view[:, :, 0]
    worth = _rate(sums[0], sums[1])
    size = np.array([bin(coalition).count("1") for coalition in range(1 << channels)])
    weight = np.array([factorial(k) * factorial(channels - k - 1) / factorial(channels) for k in range(channels)])
    values = np.zeros(channels)
    for channel in range(channels):
        pairs = worth.reshape(-1, 2, 1 << channel)
        without = size.reshape(-1, 2, 1 << channel)[:, 0]
        values[channel] = (weight[without] * (pairs[:, 1] - pairs[:, 0])).sum()
    return values


def _drawn(masks: Ints, won: Array, paths: Array, channels: int, plan: tuple[int, int]) -> tuple[Array, Array]:
    """Mean and standard error of marginal worth over random orders of arrival and their reverses."""
    samples, seed = plan
    rng = np.random.default_rng(seed)
    members = (masks[:, None] >> np.arange(channels)) & 1 == 1
    drawn = np.empty((samples, channels))
    for sample in range(samples):
        order = rng.permutation(channels)
        pair = [_marginal(members, won, paths, way) for way in (order, order[::-1])]
        drawn[sample] = (pair[0] + pair[1]) / 2
    return drawn.mean(axis=0), drawn.std(axis=0, ddof=1) / np.sqrt(samples)


def _marginal(members: Flags, won: Array, paths: Array, order: Ints) -> Array:
    """What each channel adds when it arrives in this order."""
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    complete = np.where(members, place, -1).max(axis=1)
    sums = [np.cumsum(np.bincount(complete, weights=x, minlength=len(order))).astype(float) for x in (won, paths)]
    gain = np.diff(_rate(sums[0], sums[1]), prepend=0.0)
    return np.asarray(gain[place])

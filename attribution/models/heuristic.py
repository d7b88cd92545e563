"""Rules of thumb: first, last, last non-direct, linear, position-based, time decay, and weights of one's own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from attribution.arrays import Array
from attribution.errors import BadInput, UnknownChannel
from attribution.models.model import Model, Solution
from attribution.models.sums_by_key import Tally
from attribution.paths.path_rules import DAY, micros
from attribution.shown import shown

if TYPE_CHECKING:
    from attribution.paths.journeys import Journeys
    from attribution.paths.touches import Touches

__all__ = [
    "Custom",
    "FirstTouch",
    "Heuristic",
    "LastNonDirect",
    "LastTouch",
    "Linear",
    "PositionBased",
    "TimeDecay",
]


class Heuristic(Model):
    """A model that splits each path's conversions by fixed weights of its touches."""

    sums_to_one: ClassVar[bool] = True
    weighs: ClassVar[bool] = True

    @abstractmethod
    def weight(self, touches: Touches, channels: Sequence[str]) -> Any:
        """Share of each touch in its path, as a column; any positive scale if ``sums_to_one`` is False."""

    def share(self, touches: Touches, channels: Sequence[str]) -> Any:
        """Share of each touch in its path, by the weights of its interactions too; they sum to one over a path."""
        weight = self.weight(touches, channels)
        if self.weighs and touches.weight is not None:
            weight = weight * touches.weight
        elif self.sums_to_one:
            return weight
        return weight / touches.path_sum(weight)

    def check(self, journeys: Journeys) -> None:
        """Raise BadInput where the journeys lack what the model needs."""

    def tally(self, journeys: Journeys, by: Sequence[str] = ()) -> Tally:
        """Credited conversions and value by channel."""
        self.check(journeys)

        def count(touches: Touches) -> pd.DataFrame:
            share = self.share(touches, journeys.channels)
            sums = {"conversions": share * touches.conversions, "value": share * touches.value}
            return touches.group(by, {"channel": touches.channel}, sums)

        return Tally.gathered(journeys.blocks(tuple(by), converting=True), count, by)

    def solve(self, items: pd.DataFrame, sums: dict[str, Array], channels: int) -> Solution:
        """Spread the sums over the channels."""
        ids = items["channel"].to_numpy(dtype=np.int64)
        conversions = np.zeros((len(sums["conversions"]), channels))
        value = np.zeros_like(conversions)
        conversions[:, ids], value[:, ids] = sums["conversions"], sums["value"]
        return Solution(conversions, value)


@dataclass(frozen=True)
class FirstTouch(Heuristic):
    """All credit to the first touch of the path; in equal parts where several share the first moment."""

    def weight(self, touches: Touches, channels: Sequence[str]) -> Any:
        """One for the first touch."""
        return touches.choose(touches.is_first, 1.0 / touches.tied, 0.0)


@dataclass(frozen=True)
class LastTouch(Heuristic):
    """All credit to the last touch before the conversion; in equal parts where several share the last moment."""

    def weight(self, touches: Touches, channels: Sequence[str]) -> Any:
        """One for the last touch."""
        return touches.choose(touches.is_last, 1.0 / touches.tied, 0.0)


@dataclass(frozen=True)
class LastNonDirect(Heuristic):
    """All credit to the last touch that is not direct; to direct where the path has nothing else.

    Parameters
    ----------
    direct
        Name of the channel that stands for no known source, as the log writes it.
    """

    direct: str = "direct"

    def check(self, journeys: Journeys) -> None:
        """A log without that channel would make the model last touch under another name."""
        if self.direct not in journeys.channels:
            where = "the log; LastNonDirect(direct=...) names it, and a log without direct touches takes LastTouch()"
            raise UnknownChannel(self.direct, journeys.channels, where=where)

    def weight(self, touches: Touches, channels: Sequence[str]) -> Any:
        """One for the last touch whose channel is not direct."""
        known = touches.channel != list(channels).index(self.direct)
        last = touches.path_max(touches.choose(known, touches.step, -1.0))
        of_known = touches.choose(known, touches.choose(touches.step == last, 1.0, 0.0), 0.0)
        weight = touches.choose(last < 0, touches.choose(touches.is_last, 1.0, 0.0), of_known)
        return weight / touches.path_sum(weight)


@dataclass(frozen=True)
class Linear(Heuristic):
    """Equal credit to every touch."""

    def weight(self, touches: Touches, channels: Sequence[str]) -> Any:
        """One over the length of the path."""
        return 1.0 / touches.length


@dataclass(frozen=True)
class PositionBased(Heuristic):
    """Fixed shares to the first and the last touch, the rest equally to those between.

    Parameters
    ----------
    first, last
        Shares of the ends. A path of two touches splits in their proportion, a path of one gives all to it.
    """

    first: float = 0.4
    last: float = 0.4

    def __post_init__(self) -> None:
        if not (self.first >= 0 and self.last >= 0 and 0 < self.first + self.last <= 1):
            raise BadInput(f"PositionBased needs shares with 0 < first + last <= 1, not {self.first} and {self.last}.")

    def weight(self, touches: Touches, channels: Sequence[str]) -> Any:
        """Shares by step."""
        ends = self.first + self.last
        is_first, is_last = touches.is_first, touches.is_last
        begins, finishes = (touches.choose(condition, 1.0, 0.0) for condition in (is_first, is_last))
        inner = touches.choose(touches.length > 2, touches.length - 2.0, 1.0)
        between = (touches.tied - begins - finishes) * ((1 - ends) / inner)
        long = (begins * self.first + finishes * self.last + between) / touches.tied  # the mean over orders of a moment
        two = (begins * self.first + finishes * self.last) / (ends * touches.tied)
        return touches.choose(touches.length == 1, 1.0, touches.choose(touches.length == 2, two, long))


@dataclass(frozen=True)
class TimeDecay(Heuristic):
    """Credit that halves with every half-life before the conversion.

    Parameters
    ----------
    half_life
        Such as ``"7D"``.
    """

    half_life: str = "7D"
    sums_to_one: ClassVar[bool] = False

    def __post_init__(self) -> None:
        micros(self.half_life, "half_life")

    def check(self, journeys: Journeys) -> None:
        """Paths without times cannot decay."""
        if not journeys.timed:
            raise BadInput("TimeDecay needs times: build the journeys from touchpoints, not from aggregated paths.")

    def weight(self, touches: Touches, channels: Sequence[str]) -> Any:
        """2^(-age / half-life), up to scale."""
        rate = np.log(2) / (micros(self.half_life, "half_life") / DAY)
        return touches.exp((touches.age - touches.path_min(touches.age)) * -rate)


@shown
@dataclass(frozen=True)
class Custom(Heuristic):
    """Weights of one's own, scaled to sum to one over each path.

    Parameters
    ----------
    weights
        Function of :class:`attribution.paths.touches.Touches` that returns a positive column.
    label
        Name of the model.

    Examples
    --------
    >>> Custom(lambda touch: touch.step + 1.0, label="later counts more").name
    'later counts more'
    """

    weights: Callable[[Any], Any]
    label: str = "Custom"
    sums_to_one: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """The label."""
        return self.label

    def weight(self, touches: Touches, channels: Sequence[str]) -> Any:
        """What the function returns."""
        return self.weights(touches)

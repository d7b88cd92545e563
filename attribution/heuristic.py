"""Rules of thumb: first, last, last non-direct, linear, position-based, time decay, and weights of one's own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.errors import BadInput
from attribution.model import Model, Solution
from attribution.sessions import DAY, micros
from attribution.tally import Tally

if TYPE_CHECKING:
    import ibis

    from attribution.journeys import Journeys

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

Array = NDArray[np.float64]


class Heuristic(Model):
    """A model that splits each path's conversions by fixed weights of its touches."""

    sums_to_one: ClassVar[bool] = True

    @abstractmethod
    def weight(self, touches: ibis.Table, channels: Sequence[str]) -> Any:
        """Share of each touch in its path, as an Ibis expression; any positive scale if ``sums_to_one`` is False."""

    def check(self, journeys: Journeys) -> None:
        """Raise BadInput where the journeys lack what the model needs."""

    def tally(self, journeys: Journeys, by: Sequence[str] = ()) -> Tally:
        """Credited conversions and value by channel."""
        return tally_heuristics([self], journeys, by)[0]

    def solve(self, items: pd.DataFrame, sums: dict[str, Array], channels: int) -> Solution:
        """Spread the sums over the channels."""
        ids = items["channel"].to_numpy(dtype=np.int64)
        conversions = np.zeros((len(sums["conversions"]), channels))
        value = np.zeros_like(conversions)
        conversions[:, ids], value[:, ids] = sums["conversions"], sums["value"]
        return Solution(conversions, value)


def tally_heuristics(models: Sequence[Heuristic], journeys: Journeys, by: Sequence[str] = ()) -> list[Tally]:
    """Tallies of several heuristics from one pass over the touches."""
    import ibis

    for model in models:
        model.check(journeys)
    touches = journeys.bucketed() if "bucket" in by else journeys.touches
    touches = touches.filter(touches.conversions > 0)
    path = ibis.window(group_by=["user", "part", "expired"])
    weighted = touches.mutate(**{f"w{i}": model.weight(touches, journeys.channels) for i, model in enumerate(models)})
    loose = {
        f"w{i}": weighted[f"w{i}"] / weighted[f"w{i}"].sum().over(path)
        for i, m in enumerate(models)
        if not m.sums_to_one
    }
    weighted = weighted.mutate(**loose) if loose else weighted
    sums = {}
    for i in range(len(models)):
        sums[f"c{i}"] = (weighted[f"w{i}"] * weighted.conversions).sum()
        sums[f"v{i}"] = (weighted[f"w{i}"] * weighted.value).sum()
    frame = weighted.group_by([*by, "channel"]).aggregate(**sums).execute()
    keys = [*by, "channel"]
    return [
        Tally.of(frame[[*keys, f"c{i}", f"v{i}"]].rename(columns={f"c{i}": "conversions", f"v{i}": "value"}), by)
        for i in range(len(models))
    ]


@dataclass(frozen=True)
class FirstTouch(Heuristic):
    """All credit to the first touch of the path."""

    def weight(self, touches: ibis.Table, channels: Sequence[str]) -> Any:
        """One for the first touch."""
        return (touches.step == 0).ifelse(1.0, 0.0)


@dataclass(frozen=True)
class LastTouch(Heuristic):
    """All credit to the last touch before the conversion."""

    def weight(self, touches: ibis.Table, channels: Sequence[str]) -> Any:
        """One for the last touch."""
        return (touches.step == touches.length - 1).ifelse(1.0, 0.0)


@dataclass(frozen=True)
class LastNonDirect(Heuristic):
    """All credit to the last touch that is not direct; to direct where the path has nothing else.

    Parameters
    ----------
    direct
        Name of the channel that stands for no known source.
    """

    direct: str = "direct"

    def weight(self, touches: ibis.Table, channels: Sequence[str]) -> Any:
        """One for the last touch whose channel is not direct."""
        import ibis

        if self.direct not in channels:
            return LastTouch().weight(touches, channels)
        path = ibis.window(group_by=["user", "part", "expired"])
        known = touches.channel != list(channels).index(self.direct)
        last = known.ifelse(touches.step, -1).max().over(path)
        return (touches.step == (last < 0).ifelse(touches.length - 1, last)).ifelse(1.0, 0.0)


@dataclass(frozen=True)
class Linear(Heuristic):
    """Equal credit to every touch."""

    def weight(self, touches: ibis.Table, channels: Sequence[str]) -> Any:
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

    def weight(self, touches: ibis.Table, channels: Sequence[str]) -> Any:
        """Shares by step."""
        ends = self.first + self.last
        between = (1 - ends) / (touches.length - 2).nullif(0)
        is_first, is_last = touches.step == 0, touches.step == touches.length - 1
        long = is_first.ifelse(self.first, is_last.ifelse(self.last, between))
        two = is_first.ifelse(self.first / ends, self.last / ends)
        return (touches.length == 1).ifelse(1.0, (touches.length == 2).ifelse(two, long))


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

    def weight(self, touches: ibis.Table, channels: Sequence[str]) -> Any:
        """2^(-age / half-life), up to scale."""
        import ibis

        rate = np.log(2) / (micros(self.half_life, "half_life") / DAY)
        newest = touches.age.min().over(ibis.window(group_by=["user", "part", "expired"]))
        return ((touches.age - newest) * -rate).exp()


@dataclass(frozen=True)
class Custom(Heuristic):
    """Weights of one's own, scaled to sum to one over each path.

    Parameters
    ----------
    weights
        Function of the touches that returns a positive Ibis expression; it may use ``step``, ``length``, ``age`` and
        ``channel`` (the id).
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

    def weight(self, touches: ibis.Table, channels: Sequence[str]) -> Any:
        """The function's expression."""
        return self.weights(touches)

"""What every attribution model is: a tally over paths, and a solution from the tally alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from attribution.arrays import Array
from attribution.errors import require
from attribution.models.credit import Credit
from attribution.paths.journeys import Journeys

if TYPE_CHECKING:
    from attribution.models.sums_by_key import Tally

__all__ = ["Model", "Solution", "require_journeys"]


def require_journeys(journeys: object) -> None:
    """Refuse what are no journeys, with the way from a log to them."""
    remedy = "make them first: attribution.Journeys.from_touchpoints(log, ...), or from_paths(frame)."
    require(journeys, Journeys, "journeys", remedy)


@dataclass(frozen=True)
class Solution:
    """Credit as arrays, one row per replicate, one column per channel.

    Parameters
    ----------
    conversions, value
        Shape (replicates, channels).
    removal_effect, removal_effect_value
        The same shape, or None where a model has none.
    """

    conversions: Array
    value: Array
    removal_effect: Array | None = None
    removal_effect_value: Array | None = None


class Model(ABC):
    """An attribution model; call it with journeys to get credit.

    ``tally`` is the only step whose cost grows with the log. ``solve`` works on the tally and takes any number of
    replicates at once, so that intervals, segments and the estimate itself go through the same lines.
    """

    @property
    def name(self) -> str:
        """What tables and charts call the model."""
        return type(self).__name__

    @abstractmethod
    def tally(self, journeys: Journeys, by: Sequence[str] = ()) -> Tally:
        """Sums over paths, kept apart by the columns ``by`` of the touches."""

    @abstractmethod
    def solve(self, items: pd.DataFrame, sums: dict[str, Array], channels: int) -> Solution:
        """Credit from sums.

        Parameters
        ----------
        items
            The items of the tally.
        sums
            Measure -> array of shape (replicates, items).
        channels
            Number of channels; ids run from 0.
        """

    def __call__(self, journeys: Journeys) -> Credit:
        """Credit of each channel.

        Raises
        ------
        BadInput
            Where ``journeys`` are none.
        """
        require_journeys(journeys)
        tally = self.tally(journeys)
        return self.credit_of(journeys, tally.items, tally.total())

    def details(self, items: pd.DataFrame, sums: dict[str, Array], channels: Sequence[str]) -> dict[str, pd.DataFrame]:
        """Tables beside the credit, of the first replicate; none by default."""
        return {}

    def credit_of(self, journeys: Journeys, items: pd.DataFrame, sums: dict[str, Array]) -> Credit:
        """The credit of the first replicate of sums."""
        solution = self.solve(items, sums, len(journeys.channels))
        index = pd.Index(journeys.channels, name="channel")

        def series(values: Array | None, name: str) -> pd.Series | None:
            return None if values is None else pd.Series(values[0], index=index, name=name)

        return Credit(
            model=self.name,
            conversions=pd.Series(solution.conversions[0], index=index, name="conversions"),
            value=pd.Series(solution.value[0], index=index, name="value"),
            removal_effect=series(solution.removal_effect, "removal_effect"),
            removal_effect_value=series(solution.removal_effect_value, "removal_effect_value"),
            details=self.details(items, sums, journeys.channels),
        )

"""Days and the periods they fall in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.arrays import Ints
from attribution.errors import BadInput

__all__ = ["Calendar"]


@dataclass(frozen=True)
class Calendar:
    """Periods one after another.

    Parameters
    ----------
    names
        Such as ``"2024-01"``.
    edges
        Day, counted from 1970, on which each period but the first begins.
    """

    names: tuple[str, ...]
    edges: tuple[int, ...]

    @classmethod
    def over(cls, span: tuple[pd.Timestamp, pd.Timestamp], length: str) -> Calendar:
        """The periods from one moment to another.

        Parameters
        ----------
        span
            First and last moment.
        length
            ``"D"``, ``"W"`` (ends on Sunday), ``"M"``, ``"Q"`` or ``"Y"``.

        Examples
        --------
        >>> Calendar.over((pd.Timestamp("2024-01-30"), pd.Timestamp("2024-03-01")), "M").names
        ('2024-01', '2024-02', '2024-03')

        Raises
        ------
        BadInput
            For a length that is none.
        """
        try:
            periods = pd.period_range(*span, freq=length)
        except ValueError as error:
            raise BadInput(f"{length!r} is no period; write 'D', 'W', 'M', 'Q' or 'Y'.") from error
        edges = [int(edge) for edge in (periods[1:].start_time - pd.Timestamp(0)).days]
        if len(set(edges)) < len(edges):
            raise BadInput(f"{length!r} is shorter than a day; write 'D', 'W', 'M', 'Q' or 'Y'.")
        return cls(tuple(map(str, periods)), tuple(edges))

    def of_day(self, day: NDArray[Any]) -> Ints:
        """Position of the period of each day."""
        return np.searchsorted(self.edges, day, side="right").astype(np.int64)

"""The plan file's ``by_value``: new customers that count by what they are worth."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mmm import ByValue
from optimizer.planning.file.keys.base import Section

__all__ = ["VALUED_TWICE", "ByValueKeys"]

VALUED_TWICE = "counts customers by what they are worth, and values by channel would count that twice"


class ByValueKeys(Section):
    """Segments by recency, frequency and value, all customers looked at for equally long after their first order."""

    window: Annotated[int, Field(ge=1, le=730)] = 90
    """Days from the first order on; whoever came later than so many days before the file ends counts as an average
    customer.
    """
    quantiles: Annotated[int, Field(ge=2, le=10)] = 3
    """Parts of equal size into which each of the three is divided."""

    @property
    def weighing(self) -> ByValue:
        """As :mod:`mmm` takes it."""
        return ByValue(self.window, self.quantiles)

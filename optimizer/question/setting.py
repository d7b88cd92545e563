"""What constraints and objectives are read against: curves, the business, and today's spend."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from attribution.economics.cac import Business
from mmm.arrays import Array
from mmm.curves import ResponseCurves

__all__ = ["Setting"]


@dataclass(frozen=True)
class Setting:
    """What constraints and objectives are read against.

    Parameters
    ----------
    curves
        The response curves; their channels give the order of all arrays.
    business
        Fixed cost, and organic customers expected over the horizon; draws of them give goals over draws.
    now
        Current spend per channel, or None where the plan does not state it.
    """

    curves: ResponseCurves
    business: Business = field(default_factory=Business)
    now: Array | None = None

    @property
    def organic(self) -> Any:
        """Organic customers over the horizon."""
        return self.business.organic

    @property
    def fixed_cost(self) -> float:
        """Currency over the horizon."""
        return self.business.fixed_cost

    def with_organic(self, organic: Any) -> Setting:
        """The setting with other organic customers."""
        return replace(self, business=replace(self.business, organic=organic))

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels in the order of all arrays."""
        return self.curves.channels

    @cached_property
    def places(self) -> dict[str, int]:
        """Place of each channel in all arrays."""
        return {channel: place for place, channel in enumerate(self.channels)}

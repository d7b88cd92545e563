"""When the cost of a customer has come back, with intervals, and how likely it never does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from attribution.arrays import Array
from attribution.economics.ltv import payback_months
from attribution.errors import BadInput
from attribution.estimates import Estimate
from attribution.numbers import counted, decimal, percent
from attribution.shown import shown

__all__ = ["Payback", "payback"]


@shown
@dataclass(frozen=True)
class Payback:
    """Months until the margin of a customer has paid for the acquisition.

    Parameters
    ----------
    months
        Median with its 90 % interval; infinite where it is never within the horizon.
    never
        Probability that the cost does not come back within the horizon.
    horizon
        In months.
    """

    months: Estimate
    never: float
    horizon: int

    @property
    def sentence(self) -> str:
        """The same as a cell has it: ``8.2 (7.1 to 9.9)``, or that it is never."""

        def month(value: float) -> str:
            return decimal(value, 1) if np.isfinite(value) else "never"

        middle, low, high = (month(one) for one in (self.months.point, self.months.low, self.months.high))
        if middle == "never":
            some = f" ({percent(1 - self.never)} that it does)" if self.never < 1 else ""
            return f"never within {counted(self.horizon, 'month')}{some}"
        return middle if low == high else f"{middle} ({low} to {high})"


def payback(cac: ArrayLike, flow: ArrayLike, months: int = 1) -> Payback:
    """When the cost comes back.

    Parameters
    ----------
    cac
        Draws of it, shape (draws,), or a number; infinite where nobody is won.
    flow
        Margin per customer at each age, shape (draws, ages); discounted for the discounted break-even.
    months
        Months from one age to the next.

    Raises
    ------
    BadInput
        A cost or a margin that is no number.

    Examples
    --------
    >>> payback(15.0, [[10.0, 10.0, 10.0], [10.0, 0.0, 0.0], [10.0, 4.0, 4.0]]).never
    0.3333333333333333
    """
    margin = np.asarray(flow, dtype=float)
    if np.isnan(np.asarray(cac, dtype=float)).any() or np.isnan(margin).any():
        raise BadInput("a cost or a margin is no number, and nothing can be said of when it comes back.")
    draws: Array = months * payback_months(np.broadcast_to(np.asarray(cac, dtype=float), margin.shape[:1]), margin)
    low, middle, high = np.quantile(draws, [0.05, 0.5, 0.95], method="inverted_cdf")
    never = float(np.mean(~np.isfinite(draws)))
    return Payback(Estimate(float(middle), float(low), float(high)), never, months * margin.shape[1])

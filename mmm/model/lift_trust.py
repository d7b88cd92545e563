"""LiftTrust: how far lift tests are believed where the weekly data say otherwise, and as they grow old."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from attribution.errors import BadInput, Problem

__all__ = ["LiftTrust"]


@final
@dataclass(frozen=True)
class LiftTrust:
    """How far lift tests are believed.

    A test whose result lies further than ``limit`` standard deviations from what weekly data and other tests predict
    for it gets the larger standard error that makes that distance one; see :mod:`mmm.posterior.lift_evidence`.

    Parameters
    ----------
    limit
        Standard deviations; None believes every test as far as its own standard error says.
    doubt
        How far weekly data are doubted in that comparison: the standard deviation of a factor by which they may be
        wrong about a channel beside what their own intervals say, because spend follows demand, for example.
    half_life
        Weeks after which a test weighs half: its squared standard error doubles with each from its end to that of the
        panel. None lets tests keep their weight.
    """

    limit: float | None = 2.5
    doubt: float = 0.25
    half_life: float | None = None

    def __post_init__(self) -> None:
        for name in ("limit", "half_life"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise BadInput(Problem("lift trust", f"{name} is {value:g}.", remedy="give a number above 0, or None."))
        if not self.doubt >= 0:
            raise BadInput(
                Problem("lift trust", f"doubt is {self.doubt:g}.", remedy="give 0, or a share such as 0.25.")
            )

    def aged(self, weeks: float) -> float:
        """Factor of the standard error of a test that ended so many weeks before the panel."""
        return 1.0 if self.half_life is None else float(2.0 ** (max(weeks, 0.0) / (2.0 * self.half_life)))

"""What rivals say of a fit, in sentences that name the channels and the remedy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from attribution.findings import Finding
from attribution.numbers import cost, count, decimal
from mmm.checks.rival_models import Reading
from mmm.checks.rival_scores import Standing

__all__ = ["Moved", "better_finding", "not_compared", "put_aside", "resolved", "unresolved_finding"]


_A_QUARTER = float(np.log(1.25))


@dataclass(frozen=True)
class Moved:
    """A channel's customers in the model and under a rival.

    Parameters
    ----------
    channel
        Its name.
    spend
        Over the panel; 0 of an organic channel.
    own, interval
        Median and 5 % and 95 % points in the model.
    other
        Median under the rival.
    """

    channel: str
    spend: float
    own: float
    interval: tuple[float, float]
    other: float

    @property
    def outside(self) -> bool:
        """Whether the rival's median lies outside the model's interval."""
        return not self.interval[0] <= self.other <= self.interval[1]

    @property
    def apart(self) -> bool:
        """Whether it does, or lies more than a quarter from the model's median."""
        return self.outside or self.far > _A_QUARTER

    @property
    def far(self) -> float:
        """Absolute logarithm of the ratio of both medians."""
        return abs(float(np.log(max(self.other, 1e-300) / max(self.own, 1e-300))))

    @property
    def written(self) -> str:
        """Both figures: CAC where the channel has spend, else customers."""
        (low, high), cac = self.interval, self.spend > 0
        if not cac:
            return f"{count(self.own)} customers here ({count(low)} to {count(high)}), {count(self.other)} there"
        own, best, worst, other = (self.spend / max(x, 1e-300) for x in (self.own, high, low, self.other))
        return f"CAC {cost(own)} here ({cost(best)} to {cost(worst)}), {cost(other)} there"

    @property
    def error(self) -> str:
        """Which way the model errs if the rival is right."""
        return "too much" if self.other < self.own else "too little"


def better_finding(reading: Reading, standing: Standing, moved: Sequence[Moved], others: Sequence[str]) -> Finding:
    """A rival that explains the periods better than the model; ``others`` do so as well, by less."""
    by = f"{decimal(standing.difference, 0)} ± {decimal(standing.standard_error, 0)}"
    figures = "; ".join(
        f"{one.channel} is credited with {one.error} here ({one.written})" for one in sorted(moved, key=_farthest)
    )
    text = f"{_capital(reading.says)} explains the weeks better (log score higher by {by}): {reading.change}. "
    text += f"{_capital(figures or 'no channel moves by more than a quarter')}."
    if others:
        text += f" By less so do {', '.join(others)}; ask again once the first is set."
    limit = 2.0 * standing.standard_error
    return Finding("rival_fits_better", False, standing.difference, limit, text, tuple(one.channel for one in moved))


def unresolved_finding(reading: Reading, moved: Moved) -> Finding:
    """A channel whose figure hangs on an assumption that the periods do not settle."""
    text = (
        f"{moved.channel} is unresolved: {moved.written}, in a fit that assumes {reading.says} and that the weeks do "
        f"not refute. If that fit is right, {moved.channel} is credited with {moved.error} here. The pooled draws "
        f"hold both; a lift test of {moved.channel} settles it."
    )
    return Finding("unresolved", False, moved.far, None, text, (moved.channel,))


def resolved(standing: int, fitted: int, moved: Sequence[str]) -> Finding:
    """No channel hangs on any rival; ``moved`` leave their intervals under one, but not those of the pooled draws."""
    text = (
        f"Of {fitted} other readings of the weeks {standing} stand; none of those moves a channel outside its interval."
    )
    if moved:
        text = (
            f"Of {fitted} other readings of the weeks {standing} stand. Outside its interval in this fit under one of "
            f"them: {', '.join(moved)}. The draws of all, which plans rest on, hold that too and leave none of these "
            "rough."
        )
    return Finding("rivals", True, 0.0, 0.0, text)


def not_compared(reasons: Mapping[str, str]) -> Finding:
    """Rivals that say nothing, and why."""
    listed = "; ".join(f"{name} ({' '.join(reason.split())})" for name, reason in reasons.items())
    return Finding(
        "rivals_compared", False, float(len(reasons)), 0.0, f"Readings that could not be compared: {listed}."
    )


def put_aside(reasons: Mapping[str, str]) -> Finding:
    """Rivals on which nothing rests though the periods do not refute them, and why."""
    listed = " ".join(reasons.values())
    text = f"Other readings set aside: {', '.join(reasons)}. {listed} No draws of theirs are pooled."
    return Finding("rivals_set_aside", False, float(len(reasons)), 0.0, text)


def _farthest(moved: Moved) -> float:
    return -moved.far


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

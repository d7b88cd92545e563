"""What moved between two runs, in parts that sum to the change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.estimates import Estimate
from attribution.shown import shown
from mmm.arrays import Array
from optimizer.cycle.belief import ALL, Belief, Reading, readings, shares
from optimizer.cycle.monte_carlo import half_width
from optimizer.cycle.overlap import density_overlap, interval_overlap

__all__ = ["REST", "Moved", "Movement", "churn", "what_moved"]

REST = "the rest"
"""The part of a plan's change that no belief explains: what the plans that were carried out rest on beside them."""


@dataclass(frozen=True, eq=False)
class Movement:
    """One figure in two runs, and the parts of its change.

    Parameters
    ----------
    channel, figure
        Whose figure, and which: ``customers``, ``cac``, ``marginal_cac`` and of all ``blended_cac`` at a spend that
        both runs are asked about; ``planned_share`` and of all ``planned_spend`` of the plans.
    old, new
        The figure, with its 90 % interval where it has one.
    parts
        What has changed -> what that alone did to the figure; their sum is new less old.
    error
        Half of the 90 % interval of the Monte Carlo error of the change; NaN where it is not known.
    overlap, density_overlap
        What the two 90 % intervals have in common as a share of what either covers, and the area under both
        densities; NaN where there are none.
    """

    channel: str
    figure: str
    old: Estimate
    new: Estimate
    parts: Mapping[str, float]
    error: float
    overlap: float = np.nan
    density_overlap: float = np.nan

    @property
    def change(self) -> float:
        """New less old."""
        return self.new.point - self.old.point

    @property
    def is_noise(self) -> bool:
        """Whether the change is no more than drawing again would bring; false where that is not known."""
        return bool(abs(self.change) <= self.error)


@shown
@dataclass(frozen=True, eq=False)
class Moved:
    """All figures of two runs.

    Parameters
    ----------
    rows
        The figures, channel by channel, those of all last.
    parts
        What has changed, in the order in which it was looked at.
    """

    rows: tuple[Movement, ...]
    parts: tuple[str, ...]

    def of(self, figure: str) -> tuple[Movement, ...]:
        """The rows of one figure."""
        return tuple(row for row in self.rows if row.figure == figure)

    def to_frame(self) -> pd.DataFrame:
        """One row per channel and figure; a column ``part: ...`` for each part of the change."""
        rows = [
            {
                "channel": row.channel,
                "figure": row.figure,
                **row.old.flat("old"),
                **row.new.flat("new"),
                "change": row.change,
                **{f"part: {name}": row.parts.get(name, 0.0) for name in self.parts},
                "monte_carlo": row.error,
                "within_monte_carlo": row.is_noise,
                "overlap": row.overlap,
                "density_overlap": row.density_overlap,
            }
            for row in self.rows
        ]
        return pd.DataFrame(rows)


def what_moved(
    beliefs: Sequence[Belief],
    spend: Mapping[str, float] | pd.Series,
    plans: tuple[pd.Series, pd.Series] | None = None,
) -> Moved:
    """Divide the change of every figure among the steps from an old belief to a new one.

    Parameters
    ----------
    beliefs
        The old belief, one after each thing that changed, in order, the new one last. What a step did is the figure
        after it less the figure before it, so the parts sum to the change whatever the order; what a step did may
        depend on the steps before it.
    spend
        Currency over the horizon by channel, at which all beliefs are asked. A channel that the first or the last
        belief does not know is left out, and so are totals then.
    plans
        The old and the new plan as they were carried out, currency by channel, where they rest on more than the
        beliefs; :data:`REST` is what that did. Those of the beliefs where None.

    Raises
    ------
    BadInput
        Where fewer than two beliefs are given, or a step but the first does not say what changed, or two say the same.

    Examples
    --------
    >>> from mmm.curves import Hill, ResponseCurves
    >>> old, new = (ResponseCurves({"tv": Hill([a, a + 10], 50_000)}) for a in (900, 990))
    >>> moved = what_moved([Belief("", old), Belief("new weeks", new)], {"tv": 50_000})
    >>> [(row.figure, round(row.change, 2), row.parts) for row in moved.rows][0]
    ('customers', 45.0, {'new weeks': 45.0})
    """
    names = [belief.because for belief in beliefs[1:]]
    if not names or not all(names) or len(set(names)) < len(names):
        text = "needs an old belief and, for each thing that changed, one more that says in words of its own what."
        raise BadInput(Problem("what_moved", text))
    wanted = pd.Series({str(channel): float(amount) for channel, amount in spend.items()}, dtype=float)
    channels = [name for name in wanted.index if name in beliefs[0].curves and name in beliefs[-1].curves]
    whole = all(set(belief.curves) == set(wanted.index) for belief in (beliefs[0], beliefs[-1]))
    rows = [*_responses(beliefs, wanted, channels, whole), *_plans(beliefs, plans)]
    order = {name: place for place, name in enumerate(dict.fromkeys(row.channel for row in rows if row.channel != ALL))}
    rows.sort(key=lambda row: order.get(row.channel, len(order)))
    every = [*names, *([REST] if any(REST in row.parts for row in rows) else [])]
    return Moved(tuple(rows), tuple(every))


def churn(old: pd.Series, new: pd.Series) -> float:
    """Share of the money that sits elsewhere in another plan: half the sum of what shares move, 0 to 1."""
    before, after = old.align(new, fill_value=0.0)
    return float(np.abs(shares(after).to_numpy() - shares(before).to_numpy()).sum() / 2)


def _responses(beliefs: Sequence[Belief], spend: pd.Series, channels: list[str], whole: bool) -> Iterator[Movement]:
    """Figures of curves; a step between that does not know a channel hands its part to the next that does."""
    tables = []
    for belief in beliefs:
        known = [name for name in channels if name in belief.curves]
        own = readings(belief, spend, known, whole and len(known) == len(channels))
        tables.append({(one.channel, one.figure): one for one in own})
    for key, first in tables[0].items():
        last = tables[-1].get(key)
        if last is None or not np.isfinite([first.estimate.point, last.estimate.point]).all():
            continue
        points = [table[key].estimate.point if key in table else np.nan for table in tables]
        yield _movement(first, last, dict(_steps(beliefs, points)))


def _movement(old: Reading, new: Reading, parts: Mapping[str, float]) -> Movement:
    return Movement(
        old.channel,
        old.figure,
        old.estimate,
        new.estimate,
        parts,
        float(np.hypot(old.error, new.error)) if any(parts.values()) else 0.0,
        interval_overlap(old.estimate, new.estimate),
        density_overlap(old.draws, new.draws),
    )


def _steps(beliefs: Sequence[Belief], points: Sequence[float]) -> Iterator[tuple[str, float]]:
    """What each step did; one without a figure did nothing, and the next with one takes its part."""
    before = points[0]
    for belief, point in zip(beliefs[1:], points[1:], strict=True):
        yield belief.because, 0.0 if np.isnan(point) else point - before
        before = before if np.isnan(point) else point


def _plans(beliefs: Sequence[Belief], carried_out: tuple[pd.Series, pd.Series] | None) -> Iterator[Movement]:
    own = [belief.plan for belief in beliefs]
    if carried_out is None:
        if own[0] is None or own[-1] is None:
            return
        carried_out = own[0], own[-1]
    known = [plan for plan in (*own, *carried_out) if plan is not None]
    channels = list(dict.fromkeys(name for plan in known for name in plan.index))
    old, new = (plan.reindex(channels, fill_value=0.0).astype(float) for plan in carried_out)
    steps = [None if plan is None else plan.reindex(channels, fill_value=0.0).astype(float) for plan in own]
    errors = [_errors(belief, channels) for belief in (beliefs[0], beliefs[-1])]
    of_shares, of_total = (np.hypot(one, other) for one, other in zip(*errors, strict=True))
    before, after = shares(old).iloc[0], shares(new).iloc[0]
    for place, name in enumerate(channels):
        points = [np.nan if plan is None else float(shares(plan).iloc[0][name]) for plan in steps]
        yield _planned(str(name), "planned_share", float(before[name]), float(after[name]), beliefs, points,
                       float(of_shares[place]))  # fmt: skip
    points = [np.nan if plan is None else float(plan.sum()) for plan in steps]
    yield _planned(ALL, "planned_spend", float(old.sum()), float(new.sum()), beliefs, points, float(of_total))


def _planned(
    channel: str,
    figure: str,
    old: float,
    new: float,
    beliefs: Sequence[Belief],
    points: Sequence[float],
    error: float,
) -> Movement:
    if np.isnan(points[0]):  # nobody knows what the first belief would have planned
        parts = {beliefs[-1].because: new - old} if len(beliefs) == 2 else {REST: new - old}
    else:
        parts = dict(_steps(beliefs, points))
        rest = (new - old) - sum(parts.values())
        scale = max(abs(old), abs(new), *(abs(point) for point in points if not np.isnan(point)))
        if abs(rest) > 1e-9 * scale:  # else rounding of a table that was read
            parts[REST] = rest
    still = not any(parts.values())
    return Movement(channel, figure, Estimate.exact(old), Estimate.exact(new), parts, 0.0 if still else error)


def _errors(belief: Belief, channels: list[str]) -> tuple[Array, Array]:
    """Monte Carlo error of the shares of a plan and of its spend."""
    if belief.plans_without is None:
        return np.full(len(channels), np.nan), np.array(np.nan)
    table = belief.plans_without.reindex(columns=channels, fill_value=0.0)
    return half_width(shares(table).to_numpy()), half_width(table.sum(axis=1).to_numpy())

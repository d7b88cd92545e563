"""Branch and bound on the step that each fee is in.

A node leaves each fee a range of steps. Its program counts the least fee of the range and holds spend within the range,
so that its bound holds for every plan there; the spend that it gives is scored with the fees that are truly due. Where
a fee is truly due beyond the least of its range, the range of the one furthest beyond is split at that step.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from attribution.errors import InfeasiblePlan
from mmm.arrays import Array
from optimizer.question.fees import Fee
from optimizer.solvers.branch import Outcome

__all__ = ["Ranges", "best_steps"]

Ranges = tuple[tuple[int, int], ...]
"""First and last step of each fee."""


@dataclass(order=True)
class _Node:
    key: tuple[float, int]
    ranges: Ranges = field(compare=False)
    due: tuple[int, ...] = field(compare=False)


def best_steps(
    fees: Sequence[Fee],
    steps: Callable[[Array], tuple[int, ...]],
    solve: Callable[[Ranges, float], Outcome],
    score: Callable[[Array], float],
    margin: Callable[[float, Array], float],
    time_limit: float,
) -> Outcome:
    """The best spend with its fees, and a bound on all others.

    Parameters
    ----------
    fees
        The fees.
    steps
        The step that each fee is in at a spend.
    solve
        The best spend within ranges, the least fee of each counted, within some seconds; may raise
        ``InfeasiblePlan``.
    score
        Of a spend with the fees truly due; minus infinity where it breaks a promise.
    margin
        By how much a better plan may be better than a score and need not be looked for.
    time_limit
        Seconds after which to stop anyway.
    """
    deadline, best, top, closed, count, finished = time.monotonic() + time_limit, None, -np.inf, -np.inf, 0, True
    heap: list[_Node] = []
    waiting: list[Ranges] = [tuple((0, len(fee.steps)) for fee in fees)]
    while waiting or heap:
        for ranges in waiting:
            count += 1
            try:
                outcome = solve(ranges, max(deadline - time.monotonic(), 0.1))
            except InfeasiblePlan:
                continue
            finished = finished and outcome.finished
            if outcome.spend is None:
                closed = max(closed, -np.inf if outcome.finished else outcome.bound)
                continue
            value = score(outcome.spend)
            if value > top:
                best, top = outcome.spend, value
            heapq.heappush(heap, _Node((-outcome.bound, count), ranges, steps(outcome.spend)))
        waiting = []
        if not heap:
            break
        node = heapq.heappop(heap)
        beyond = [
            fee.of_step(at) - fee.of_step(low) for fee, at, (low, _) in zip(fees, node.due, node.ranges, strict=True)
        ]
        enough = -np.inf if best is None else top + margin(top, best)
        if -node.key[0] <= enough or max(beyond) <= 0:
            closed = max(closed, -node.key[0])
        elif time.monotonic() > deadline:
            closed, finished = max(closed, -node.key[0]), False
        else:
            place = int(np.argmax(beyond))
            (low, high), at = node.ranges[place], node.due[place]
            halves = ((low, at - 1), (at, high))
            waiting = [(*node.ranges[:place], half, *node.ranges[place + 1 :]) for half in halves]
    return Outcome(best, top, max(top, closed), count, finished)

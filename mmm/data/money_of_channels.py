"""Whether the spends of a panel are of one unit, and each of them there once."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from attribution.findings import Finding
from attribution.numbers import significant
from mmm.arrays import Array
from mmm.data.panel import Panel

__all__ = ["counted_twice", "units_apart"]

_APART = 30.0
_SHOWN = 5
_EXACT = 1e-6  # of a spend, what rounding leaves between it and the sum of its parts
_FEWEST = 8


def units_apart(panel: Panel) -> Finding:
    """Whether some channels spend less than a thirtieth of all others, as thousands beside single units do.

    Channels are held against each other by their mean in the periods in which they spend.
    """
    levels = {name: _level(panel.spend[:, :, at]) for at, name in enumerate(panel.channels)}
    ranked = sorted((level, name) for name, level in levels.items() if level > 0)
    steps = [(above / below, at) for at, ((below, _), (above, _)) in enumerate(pairwise(ranked), 1)]
    worst, place = max(steps, default=(1.0, 0))
    text = "Spends of channels are of one size, give or take."
    named: tuple[str, ...] = ()
    if worst > _APART:
        low, high = ([name for _, name in part] for part in (ranked[:place], ranked[place:]))
        named = tuple(low if len(low) <= len(high) else high)
        text = (
            f"Spends far apart, on average of the periods in which there is any: {_listed(low)} at most "
            f"{significant(ranked[place - 1][0])}, {_listed(high)} at least {significant(ranked[place][0])}. Where "
            "some are in thousands, in cents or in millionths, their CAC and their part of a plan are off by as much: "
            "bring all to one unit at the source, or leave it if it is true."
        )
    return Finding("units_apart", not named, worst, _APART, text, named)


def _level(spend: Array) -> float:
    return float(spend[spend > 0].mean()) if (spend > 0).any() else 0.0


def counted_twice(panel: Panel) -> Finding:
    """Whether something stands in two places: a channel that is the sum of others, one spend in every market, a market.

    A market stands there twice where another has its KPI in every period to the last digit.
    """
    sums = {name: parts for name in panel.channels if (parts := _parts(panel, name))}
    everywhere = [name for at, name in enumerate(panel.channels) if _repeated(panel.spend[:, :, at])]
    said = [f"{name} is the sum of {_listed(parts)} in every period" for name, parts in sums.items()]
    if everywhere:
        said.append(f"the same was spent in each of {len(panel.geos)} markets on {_listed(everywhere)}")
    again = [(one, other) for at, one in enumerate(panel.geos) if (other := _same_market(panel, at))]
    said += [f"market {one} has the {panel.kpi_name} of {other} in every period" for one, other in again]
    text = "Nothing stands in two channels or markets."
    if said:
        text = (
            f"Counted twice, by the look of it: {'; '.join(said[:_SHOWN])}. Leave sums out of the channels, and give "
            "each market its own figures and its own part of what was spent for all; leave it if it is true."
        )
    return Finding(
        "counted_twice",
        not said,
        float(len(sums) + len(everywhere)),
        0.0,
        text,
        tuple(dict.fromkeys([*sums, *everywhere])),
    )


def _parts(panel: Panel, name: str) -> list[str]:
    """Two channels or more of which one is the sum, whole and exact; none where it is no such sum."""
    place = panel.channels.index(name)
    table = panel.spend.reshape(-1, len(panel.channels))
    own, others = table[:, place], np.delete(table, place, axis=1)
    if np.count_nonzero(own) < _FEWEST or others.shape[1] < 2:
        return []
    size = np.maximum(np.sqrt((others**2).sum(axis=0)), 1e-300)
    share = np.linalg.lstsq(others / size, own, rcond=1e-10)[0] / size
    whole = np.rint(share)
    parts = [
        other for other, one in zip([each for each in panel.channels if each != name], whole, strict=True) if one == 1
    ]
    exact = np.allclose(others @ whole, own, rtol=_EXACT, atol=_EXACT * own.max())
    return parts if exact and len(parts) > 1 and set(whole) <= {0.0, 1.0} else []


def _repeated(spend: Array) -> bool:
    return len(spend) > 1 and np.ptp(spend[0]) > 0 and bool((spend == spend[0]).all())


def _same_market(panel: Panel, place: int) -> str:
    """An earlier market with the very KPI of this one, ``""`` where there is none."""
    own = panel.kpi[place]
    if len(np.unique(own)) <= _FEWEST // 2:
        return ""
    return next((panel.geos[at] for at in range(place) if (panel.kpi[at] == own).all()), "")


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more

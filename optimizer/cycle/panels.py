"""Two weekly tables of one company: which weeks are new, which are gone, and which figures of old weeks differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmm import Panel
from mmm.arrays import Array

__all__ = ["PanelChange", "changed", "weeks_of"]

_SAME = 1e-9


@dataclass(frozen=True, eq=False)
class PanelChange:
    """How a table differs from an earlier one.

    Parameters
    ----------
    added, gone
        First days of periods that only the later or only the earlier table holds.
    revised
        Figures of periods of both that differ: ``period``, ``geo``, ``column``, ``old`` and ``new``.
    columns_added, columns_gone
        Columns of channels and controls, and geos, that only one of them holds.
    """

    added: pd.DatetimeIndex
    gone: pd.DatetimeIndex
    revised: pd.DataFrame
    columns_added: tuple[str, ...]
    columns_gone: tuple[str, ...]

    @property
    def is_revised(self) -> bool:
        """Whether the periods that the earlier table held are others now, or say something else."""
        return bool(len(self.gone) or len(self.revised) or self.columns_added or self.columns_gone)


def changed(old: Panel, new: Panel) -> PanelChange:
    """How a later table differs from an earlier one; channels that never acted count as absent."""
    before, after = _columns(old), _columns(new)
    both = old.dates.intersection(new.dates)
    rows = []
    for (geo, name), values in before.items():
        later = after.get((geo, name))
        if later is None:
            continue
        own, theirs = values[old.dates.isin(both)], later[new.dates.isin(both)]
        scale = _SAME * max(float(np.abs(np.nan_to_num(values)).max(initial=0.0)), 1e-300)
        differ = ~np.isclose(own, theirs, rtol=_SAME, atol=scale, equal_nan=True)
        rows += [(both[at], geo, name, own[at], theirs[at]) for at in np.flatnonzero(differ).tolist()]
    names = [f"{name} @ {geo}" if len(old.geos) > 1 or len(new.geos) > 1 else name for geo, name in (*before, *after)]
    held = set(names[: len(before)]), set(names[len(before) :])
    return PanelChange(
        new.dates.difference(old.dates),
        old.dates.difference(new.dates),
        pd.DataFrame(rows, columns=["period", "geo", "column", "old", "new"]),
        tuple(name for name in dict.fromkeys(names) if name not in held[0]),
        tuple(name for name in dict.fromkeys(names) if name not in held[1]),
    )


def weeks_of(panel: Panel, like: Panel) -> Panel | None:
    """The periods of a table that another holds too; None where there are none."""
    places = np.flatnonzero(panel.dates.isin(like.dates))
    return panel.select(int(places[0]), int(places[-1]) + 1) if len(places) else None


def _columns(panel: Panel) -> dict[tuple[str, str], Array]:
    """What a table says, by geo and column, each by period; those that are zero throughout left out."""
    columns: dict[tuple[str, str], Array] = {}
    for place, geo in enumerate(panel.geos):
        own = {panel.kpi_name: panel.kpi[place]}
        own |= dict(zip(panel.channels, panel.spend[place].T, strict=True))
        delivered = dict(zip(panel.media_names, panel.media[place].T, strict=True))
        own |= {
            f"{name}, delivered": values
            for name, values in delivered.items()
            if name not in own or not np.array_equal(values, own[name])
        }
        if panel.frequency is not None:
            reached = zip(panel.media_names, panel.frequency[place].T, strict=True)
            own |= {f"{name}, frequency": values for name, values in reached if not np.isnan(values).all()}
        columns |= {(geo, name): values for name, values in own.items() if np.nan_to_num(values).any()}
        controls = zip(panel.control_names, panel.controls[place].T, strict=True)
        columns |= {(geo, name): values for name, values in controls}
    return columns

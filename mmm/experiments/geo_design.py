"""Designs of geo tests: which geos, which channel, what change, how long; as written for whoever runs and reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.numbers import counted
from attribution.reading.strict import given_day
from attribution.shown import shown
from mmm.arrays import Array
from mmm.data.panel import Panel

__all__ = ["GeoCell", "GeoDesign"]


@shown
@dataclass(frozen=True)
class GeoCell:
    """One channel changed in one group of geos.

    Parameters
    ----------
    channel
        Channel whose spend is changed.
    change
        By which share: -1 switches it off, 0.5 adds half.
    geos
        Where.
    """

    channel: str
    change: float
    geos: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "geos", tuple(self.geos))
        if not (self.change >= -1 and self.change != 0 and self.geos):
            text = f"has a change of {self.change:g} in {counted(len(self.geos), 'geo')}."
            raise BadInput(Problem("GeoCell", text, remedy="take a change from -1 and not 0, and at least one geo."))


@shown
@dataclass(frozen=True)
class GeoDesign:
    """A geo test as it is to be run.

    Parameters
    ----------
    name
        What it is called.
    cells
        Groups of geos that are changed; several share the controls.
    controls
        Geos that are left as they are.
    start, end
        First and last day of the change, as 2026-01-05.
    seed
        Of the assignment.
    """

    name: str
    cells: tuple[GeoCell, ...]
    controls: tuple[str, ...]
    start: str
    end: str
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", tuple(self.cells))
        object.__setattr__(self, "controls", tuple(self.controls))
        geos = [*self.controls, *(geo for cell in self.cells for geo in cell.geos)]
        problems = []
        if twice := sorted({geo for geo in geos if geos.count(geo) > 1}):
            text = f"names {', '.join(twice[:5])} more than once."
            problems.append(Problem("GeoDesign", text, remedy="a geo is in one cell, or a control."))
        if not self.cells or len(self.controls) < 2:
            text = f"has {counted(len(self.cells), 'cell')} and {counted(len(self.controls), 'control')}."
            problems.append(Problem("GeoDesign", text, remedy="take one cell and two controls at least."))
        if given_day(self.end, "end") < given_day(self.start, "start"):
            problems.append(Problem("GeoDesign", f"ends on {self.end}, before {self.start}.", remedy="swap them."))
        if problems:
            raise BadInput(problems)

    def members(self, panel: Panel) -> tuple[Array, np.ndarray]:
        """Geos of the cells, shape (cells, G) of 0 and 1, and which geos are controls, shape (G,).

        Raises
        ------
        BadInput
            Where the panel lacks geos of the design.
        """
        named = [*self.controls, *(geo for cell in self.cells for geo in cell.geos)]
        if lacking := [geo for geo in named if geo not in panel.geos]:
            more = f" and {len(lacking) - 5} more" if len(lacking) > 5 else ""
            text = f"has no rows of {', '.join(lacking[:5])}{more}, which the design names."
            raise BadInput(
                Problem("panel", text, remedy="give the table that the design was made of, with later days.")
            )
        members = np.array([[float(geo in cell.geos) for geo in panel.geos] for cell in self.cells])
        return members, np.array([geo in self.controls for geo in panel.geos])

    def to_dict(self) -> dict[str, Any]:
        """The design as plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> GeoDesign:
        """The design of plain values, as :meth:`to_dict` gives them.

        Raises
        ------
        BadInput
            Where a value is missing or of another kind.
        """
        try:
            cells = tuple(
                GeoCell(str(cell["channel"]), float(cell["change"]), tuple(map(str, cell["geos"])))
                for cell in values["cells"]
            )
            days = [f"{pd.Timestamp(values[key]):%Y-%m-%d}" for key in ("start", "end")]
            controls = tuple(map(str, values["controls"]))
            return cls(str(values["name"]), cells, controls, days[0], days[1], int(values.get("seed", 0)))
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, BadInput):
                raise
            missing = f"lacks {error}" if isinstance(error, KeyError) else "holds a value of another kind"
            text = f"is no design of a geo test: it {missing}."
            raise BadInput(Problem("design", text, remedy="take the file that cac test design wrote.")) from None

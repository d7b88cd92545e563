"""Readouts of geo tests: what came of the change, how sure that is, and the row for the next model."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.findings import Finding
from attribution.shown import shown
from mmm.arrays import Array
from mmm.data.lift_tests import LiftTest
from mmm.data.panel import Panel
from mmm.experiments.geo_cell import CellReadout, effect_of, rank_chance
from mmm.experiments.geo_design import GeoDesign
from mmm.experiments.geo_findings import findings_of
from mmm.experiments.geo_follow import Followed, follow
from mmm.experiments.geo_gaps import DIFFERENCES, history_of
from mmm.experiments.geo_shared import parts_shared, shared_correlation
from mmm.experiments.geo_spend import spend_changes
from mmm.experiments.geo_window import Window, window_of

__all__ = ["GeoReadout", "read_geo_test"]


@shown
@dataclass(frozen=True, eq=False)
class GeoReadout:
    """A geo test as read.

    Parameters
    ----------
    design
        The design.
    cells
        What each cell showed.
    correlation
        Of the errors of the cells' estimates, which share controls, shape (cells, cells).
    findings
        Whether the method holds here.
    series
        By cell, one row per period: observed, synthetic, effect, its 95 % interval for one period, and ``part``:
        before, test or after.
    """

    design: GeoDesign
    cells: tuple[CellReadout, ...]
    correlation: Array
    findings: tuple[Finding, ...]
    series: tuple[pd.DataFrame, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row per cell."""
        return pd.DataFrame([cell.row() for cell in self.cells])

    def lift_tests(self) -> tuple[LiftTest, ...]:
        """Rows for a model of the panel by geo.

        Raises
        ------
        BadInput
            Where the change of spend is not known.
        """
        known = zip(self._known(), self._shared(), strict=True)
        return tuple(self._test(one, shared, 1.0, ";".join(one.cell.geos)) for one, shared in known)

    def national_lift_tests(self) -> tuple[LiftTest, ...]:
        """Rows for a national model, which knows no geos.

        A nation's curve cannot be asked what a change in some geos does. So the row says what the geos that went on as
        usual had over those that were changed: spend and customers of the control geos, had they been changed by the
        same share, with opposite signs. That is right as far as a unit of currency does alike in tested and other
        geos.

        Raises
        ------
        BadInput
            Where spend of cells or controls is not known.
        """
        rows = []
        for one, shared in zip(self._known(), self._shared(), strict=True):
            if not (one.spend.controls > 0 and one.spend.without > 0):
                text = f"the control geos spend nothing on {one.cell.channel}."
                raise BadInput(Problem("readout", text, remedy="fit a panel by geo, which takes the cell itself."))
            rows.append(self._test(one, shared, -one.spend.controls / one.spend.without, ""))
        return tuple(rows)

    def _known(self) -> tuple[CellReadout, ...]:
        for one in self.cells:
            if not np.isfinite(one.spend.change) or one.spend.change == 0:
                text = f"does not know by how much spend on {one.cell.channel} changed."
                raise BadInput(Problem("readout", text, remedy="give a table with the channel's spend by geo."))
        return self.cells

    def _shared(self) -> Array:
        return parts_shared(self.correlation)

    def _test(self, one: CellReadout, shared: float, times: float, geo: str) -> LiftTest:
        found, error = one.effect, abs(times) * one.effect.standard_error
        test = LiftTest(
            one.cell.channel,
            self.design.start,
            self.design.end,
            times * one.spend.change,
            times * found.customers,
            error,
            geo,
        )
        alone = len(self.cells) < 2 or shared == 0
        return test if alone else replace(test, shared_controls=self.design.name, shared_error=float(shared) * error)


def read_geo_test(panel: Panel, design: GeoDesign) -> GeoReadout:
    """What a geo test showed.

    Test geos are followed by control geos with non-negative weights, demeaned, over the history before the test. What
    the same weights show in blocks of the history that they have not seen, and what groups of controls show, says how
    sure the result is: a t interval whose variance is the cell's own drawn to that of placebos. Periods after the test
    in the panel are the window after it, as long as the test at most.

    Parameters
    ----------
    panel
        By geo, with the history before the test, the test, and what followed as far as it is there.
    design
        What was run.

    Raises
    ------
    BadInput
        Where geos are missing, the panel does not hold the test, or the history before it is shorter than three times
        the test.

    References
    ----------
    Abadie, Diamond and Hainmueller (2010), Synthetic control methods for comparative case studies. Doudchenko and
    Imbens (2016), Balancing, regression, difference-in-differences and synthetic control methods. Chernozhukov,
    Wüthrich and Zhu (2025), Debiasing and t-tests for synthetic control inference on average causal effects.
    """
    members, controls = design.members(panel)
    window = window_of(panel, design)
    kept = (members.sum(axis=0) > 0) | controls
    kpi, members, controls = panel.kpi[kept], members[:, kept], controls[kept]
    alive = kpi[:, window.before].sum(axis=1) > 0
    if not (alive | ~controls).all() or not alive[members.sum(axis=0) > 0].all():
        silent = [geo for geo, lives in zip(np.array(panel.geos)[kept], alive, strict=True) if not lives]
        text = f"has no customers before the test in {', '.join(map(str, silent[:5]))}."
        raise BadInput(Problem("panel", text, panel.kpi_name, remedy="leave these geos out of the design."))
    history, test, later = kpi[:, window.before], kpi[:, window.test], kpi[:, window.after]
    plain = follow(history, members, controls, window.length)
    own = plain.judged(test)
    simple = follow(history, members, controls, window.length, DIFFERENCES).judged(test)
    rest = follow(history, members, controls, later.shape[1], own.pull).judged(later) if later.shape[1] else None
    cells = tuple(
        CellReadout(
            cell,
            effect_of(own, test, place),
            p_value=float(own.spread.chance(own.tested.effect(test))[place]),
            rank_p_value=rank_chance(own, test, place),
            without=float(own.tested.synthetic(test)[place].sum()),
            differences=effect_of(simple, test, place),
            after=None if rest is None else effect_of(rest, later, place),
            spend=spend,
        )
        for place, (cell, spend) in enumerate(zip(design.cells, spend_changes(panel, design, window), strict=True))
    )
    correlation = shared_correlation(own, history_of(history, window.length), controls)
    findings = findings_of(plain, test, panel, design, window, correlation)
    series = tuple(_series(place, own, kpi, panel, window) for place in range(len(cells)))
    return GeoReadout(design, cells, correlation, findings, series)


def _series(place: int, own: Followed, kpi: Array, panel: Panel, window: Window) -> pd.DataFrame:
    observed, without = own.tested.observed(kpi)[place], own.tested.synthetic(kpi)[place]
    effect = observed - without
    before = effect[window.before] / np.maximum(without[window.before], 1e-12)
    reach = float(np.quantile(np.abs(before), 0.95)) * np.abs(without)
    part = np.full(len(observed), "before", dtype=object)
    part[window.test], part[window.after] = "test", "after"
    table = {
        "observed": observed,
        "synthetic": without,
        "effect": effect,
        "low": effect - reach,
        "high": effect + reach,
    }
    shown = slice(0, window.after.stop)
    return pd.DataFrame(table | {"part": part}, index=panel.dates.rename("date")).iloc[shown]

"""Lift tests: experiments as observations of what a channel brought over its own window."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from attribution.reading.cells import cells_of
from attribution.reading.formats import PLAIN, Format
from attribution.reading.tables import LIFT_TESTS

__all__ = ["LiftTest", "lift_tests_from_frame"]


@dataclass(frozen=True)
class LiftTest:
    """One experiment.

    Parameters
    ----------
    channel
        Channel whose spend was changed.
    start, end
        First and last day over which spend was changed and customers were counted, as 2025-03-31. A window that
        begins or ends inside a period of the panel counts as the whole of that period, and is a finding.
    spend_change
        Spend over the window beyond what would have been spent without the test; negative for a hold-out. The
        panel's spend is what was really spent, so it contains this change.
    customers_gained
        Customers over the window beyond those without the test, in the panel's KPI; negative for a hold-out.
    standard_error
        Of the customers gained.
    geo
        Geo in which spend was changed, or several joined by ``;``, measured together; empty for all of the panel.
    outside
        0 for a test of the panel's own market and weeks. Above 0 a test of another market, or of other weeks than the
        panel's: the standard deviation, as a share of the effect per unit of currency, by which the effect there may
        differ from the effect here; 0.5 is cautious. Such a test is read as if it had run here, see
        :func:`mmm.data.outside_tests.stand_in`.
    changed
        Where spend was changed in parts of the window only, as an on/off test does: first and last day of each part,
        ``2026-01-05/2026-01-18;2026-02-02/2026-02-15``; empty for all of the window.
    """

    channel: str
    start: str
    end: str
    spend_change: float
    customers_gained: float
    standard_error: float
    geo: str = ""
    outside: float = 0.0
    changed: str = ""

    @property
    def error(self) -> float:
        """Standard error of the gain as that of the panel's own market: of gain x (1 + outside z), z ~ N(0, 1)."""
        return math.hypot(self.standard_error, self.outside * math.hypot(self.customers_gained, self.standard_error))


def lift_tests_from_frame(frame: object, format: Format | None = None) -> tuple[LiftTest, ...]:
    """Read a table of lift tests with the columns that :class:`LiftTest` names.

    Parameters
    ----------
    frame
        A frame, or a file or query as :func:`attribution.read_table` takes it.
    format
        How the table writes numbers and dates, see :class:`attribution.Format`; its unit is that of ``spend_change``.

    Raises
    ------
    BadInput
        Lists every missing column, unreadable date and impossible number.
    """
    cells = cells_of(frame, LIFT_TESTS.name)
    table = replace(LIFT_TESTS, name=cells.name, first_row=cells.first_row, format=format or PLAIN)
    typed = table.check(cells.frame)
    days = [typed[column].dt.strftime("%Y-%m-%d") for column in ("start", "end")]
    numbers = [typed[column].astype(float) for column in ("spend_change", "customers_gained", "standard_error")]
    geos = typed["geo"].fillna("").astype(str) if "geo" in typed else [""] * len(typed)
    outside = typed["outside"].fillna(0.0).astype(float) if "outside" in typed else [0.0] * len(typed)
    changed = typed["changed"].fillna("").astype(str) if "changed" in typed else [""] * len(typed)
    columns = (typed["channel"].astype(str), *days, *numbers, geos, outside, changed)
    return tuple(LiftTest(*row) for row in zip(*columns, strict=True))

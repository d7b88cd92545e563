"""Lift tests: experiments as observations of what a channel brought over its own window."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.reading.cells import cells_of
from attribution.reading.formats import PLAIN, Format
from attribution.reading.strict import given_day
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
    shared_controls
        Any name for the geos that this test and others of the same days were held against, as the cells of a geo test
        are; empty for controls of its own.
    shared_error
        The part of the standard error that those controls brought, in customers: between two tests with the same
        ``shared_controls`` it is one and the same error, so that their covariance is the product of their parts.
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
    shared_controls: str = ""
    shared_error: float = 0.0

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            day = given_day(getattr(self, name), f"{name} of a lift test of {self.channel}")
            object.__setattr__(self, name, f"{day:%Y-%m-%d}")
        remedy = "write digits without quotes."
        odd = [
            Problem(f"{name} of a lift test of {self.channel}", f"is {value!r}, no number.", remedy=remedy)
            for name in ("spend_change", "customers_gained", "standard_error", "outside", "shared_error")
            if not isinstance(value := getattr(self, name), numbers.Real)
        ]
        if odd:
            raise BadInput(odd)

    @property
    def error(self) -> float:
        """Standard error of the gain as that of the panel's own market: of gain x (1 + outside z), z ~ N(0, 1)."""
        return math.hypot(self.standard_error, self.outside * math.hypot(self.customers_gained, self.standard_error))

    def correlation(self, other: LiftTest) -> float:
        """Of the errors of two tests: above 0 where they share controls and days."""
        days = max(map(pd.Timestamp, (self.start, other.start))) <= min(map(pd.Timestamp, (self.end, other.end)))
        if not (
            self.shared_controls.strip() and self.shared_controls.strip() == other.shared_controls.strip() and days
        ):
            return 0.0
        return self.shared_error / self.standard_error * other.shared_error / other.standard_error


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
    texts = [_or(typed, column, "", str) for column in ("geo", "changed", "shared_controls")]
    more = [_or(typed, column, 0.0, float) for column in ("outside", "shared_error")]
    columns = (typed["channel"].astype(str), *days, *numbers, texts[0], more[0], *texts[1:], more[1])
    return tuple(LiftTest(*row) for row in zip(*columns, strict=True))


def _or(typed: pd.DataFrame, column: str, nothing: str | float, kind: type) -> list[Any]:
    """An optional column, and ``nothing`` where it or its cell is missing."""
    return list(typed[column].fillna(nothing).astype(kind)) if column in typed else [nothing] * len(typed)

"""Margins of cohorts that are no margins of theirs by the look of them: rates, amounts a head, sums so far."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attribution.economics.cohorts import Cohorts, calendar_of
from attribution.findings import Finding
from attribution.numbers import percent
from attribution.reading.looks import another_unit

__all__ = ["odd_margins"]

_PEOPLE = 5.0  # of a cohort, for margins below one to be no money of theirs
_ROWS, _APART, _UNSURE = 20, 0.01, 2.0
_FOLLOWS = 0.5
_STEPS, _NEARLY = 4, 0.9
_MOSTLY = 0.75  # of cohorts that lose at age 0 and gain later, for the cost of acquisition to be in their margins
_LEFT, _STAYS = 0.25, 0.25  # of the customers; and by how much the margin then follows them: 1 where all earn alike


def odd_margins(cohorts: Cohorts) -> Finding:
    """Whether margins are the money that a whole cohort brought in one period.

    Named are margins of 1 at most, as rates are; margins that do not follow how many customers a cohort has, at the
    same age or as they leave, as amounts a head do; margins of another size from some month on; and margins that never
    fall while customers leave, as sums so far do; and margins below 0 at age 0 alone, in which the cost of acquisition
    seems to be, which CAC counts once more. Revenue in place of margin cannot be seen.

    Parameters
    ----------
    cohorts
        With or without margins.
    """
    looks = list(_looks(cohorts)) if cohorts.has_margin else []
    text = "Margins of cohorts are money of whole cohorts and single periods, by the look of them."
    if looks:
        text = (
            f"Margins of the cohorts {'; '.join(looks)}. Each row has to hold what all customers of the cohort brought "
            "in that one period, in money: correct the column, or leave it if it does."
        )
    return Finding("odd_margins", not looks, float(len(looks)), 0.0, text)


def _looks(cohorts: Cohorts) -> Iterator[str]:
    rows = cohorts.frame
    there = rows[rows["active"] > 0]
    if there["margin"].max() > 0 and there["margin"].abs().max() <= 1 and there["active"].median() >= _PEOPLE:
        yield "lie at 1 or below throughout, as rates do"
    elif _a_head(there) or _stays(there):
        yield "do not follow the number of customers, as amounts a head do"
    if (jump := _jump(there, cohorts.months)) is not None:
        yield f"are of another size altogether from {jump} on, as in another unit"
    if (share := _acquiring(there)) > _MOSTLY:
        yield (
            f"are below 0 at age 0 and above it later in {percent(share)} of cohorts, as where the cost of acquisition "
            "is in them, which CAC, LTV:CAC and payback count once more"
        )
    if (share := _rising(rows)) > _NEARLY:
        yield f"never fall in {percent(share)} of cohorts though customers leave, as sums so far do"


def _jump(rows: pd.DataFrame, months: int) -> str | None:
    """The month from which margin per active customer is of another size, whatever the age."""
    later = rows[rows["age"] > 0]
    sums = later.groupby(calendar_of(later, months))[["margin", "active"]].sum()
    jump = another_unit((sums["margin"] / sums["active"]).to_numpy(dtype=float))
    return None if jump is None else str(pd.Period(ordinal=int(np.asarray(sums.index)[jump[0]]), freq="M"))


def _acquiring(rows: pd.DataFrame) -> float:
    """Share of cohorts of some age that cost more than they bring at age 0, and bring more than they cost later."""
    by = [rows["channel"], rows["month"]]
    first = rows["margin"].where(rows["age"] == 0).groupby(by, sort=False).sum()
    later = rows["margin"].where(rows["age"] > 0).groupby(by, sort=False).sum(min_count=1)
    return float((first < 0)[later > 0].mean()) if (later > 0).sum() >= _STEPS else 0.0


def _a_head(rows: pd.DataFrame) -> bool:
    """Whether margins of one channel and age stay the same whatever the size of the cohort."""
    rows = rows[(rows["margin"] > 0) & (rows["age"] > 0)]
    logs = pd.DataFrame(np.log(rows[["active", "margin"]]))
    own = logs - logs.groupby([rows["channel"], rows["age"]]).transform("mean")
    size, margin = own["active"].to_numpy(), own["margin"].to_numpy()
    freedom = len(rows) - rows.groupby(["channel", "age"]).ngroups - 1
    if freedom < _ROWS or size.std() < _APART:
        return False
    slope = float(size @ margin / (size @ size))
    error = float(np.sqrt(((margin - slope * size) ** 2).sum() / freedom / (size @ size)))
    return slope + _UNSURE * error < _FOLLOWS


def _stays(rows: pd.DataFrame) -> bool:
    """Whether margins stay where they are within each cohort while its customers leave."""
    rows = rows[(rows["margin"] > 0) & (rows["age"] > 0)]
    groups = rows.groupby(["channel", "month"], sort=False)
    if len(rows) < _ROWS or groups["active"].min().sum() > (1 - _LEFT) * groups["active"].max().sum():
        return False
    logs = pd.DataFrame(np.log(rows[["active", "margin"]]))
    own = logs - logs.groupby([rows["channel"], rows["month"]]).transform("mean")
    follows = float((own["active"] * own["margin"]).sum() / (own["active"] ** 2).sum())
    return follows < _STAYS and _rising(rows) <= _NEARLY


def _rising(rows: pd.DataFrame) -> float:
    """Share of cohorts whose margin never falls, of those who lose customers over several ages."""
    steps = rows.groupby(["channel", "month"], sort=False)["margin"].diff()
    by = [rows["channel"], rows["month"]]
    seen = pd.DataFrame(
        {"rises": steps > 0, "falls": steps < 0, "first": rows["active"], "last": rows["active"], "age": rows["age"]}
    )
    cohorts = seen.groupby(by, sort=False).agg(
        {"rises": "sum", "falls": "sum", "first": "first", "last": "last", "age": "max"}
    )
    known = cohorts[(cohorts["age"] >= _STEPS) & (cohorts["last"] < cohorts["first"])]
    return float(((known["falls"] == 0) & (known["rises"] >= _STEPS)).mean()) if len(known) else 0.0

"""Whether a cohort table's margins are amounts of the cohort at each age, as they are taken to be."""

from __future__ import annotations

import numpy as np
import pandas as pd

from attribution.arrays import Array
from attribution.economics.cohorts import Cohorts
from attribution.findings import Finding

__all__ = ["margin_findings"]

_LEAST = 12  # rows of age 1 and more, below which nothing is said
_LEFT = 0.25  # of those at age 1, who have to have left of the rows' cohorts before margins can say anything
_RISES, _MOST = 1e-6, 0.9  # of a step with age, and of the steps of sums
_FOLLOWS = 0.25  # elasticity of margin to customers: 1 where each earns alike at all ages


def margin_findings(cohorts: Cohorts) -> tuple[Finding, ...]:
    """Whether margins fall as customers leave; nothing where too few left to say."""
    if not cohorts.has_margin:
        return ()
    rows = cohorts.frame
    rows = rows[(rows["age"] > 0) & (rows["active"] > 0) & (rows["margin"] > 0)]
    groups = rows.groupby(["channel", "month"], sort=False)
    left = 1 - groups["active"].min().sum() / max(groups["active"].max().sum(), 1.0)
    customers, margin = (_around(rows, name) for name in ("active", "margin"))
    if len(rows) < _LEAST or left < _LEFT:
        return ()
    follows = float(customers @ margin / (customers @ customers))
    name = "margin_of_cohorts"
    if follows >= _FOLLOWS:
        return (Finding(name, True, follows, _FOLLOWS, "Margins of cohorts fall as their customers leave."),)
    rises = groups["margin"].pct_change().dropna() > _RISES
    if rises.mean() > _MOST:
        text = (
            "Margins of cohorts rise with age while their customers leave. If they are sums from acquisition on, a "
            "customer is worth far less than is said here: give the margin of each age alone. If they are not, each "
            "customer who stays earns more and more."
        )
    else:
        text = (
            "Margins of cohorts stay where they are while their customers leave. If they are amounts per customer, a "
            "customer is worth far more than is said here: give the margin of the whole cohort. If they are not, each "
            "customer who stays earns more and more."
        )
    return (Finding(name, False, follows, _FOLLOWS, text),)


def _around(rows: pd.DataFrame, column: str) -> Array:
    """Logarithms around the mean of their cohort."""
    log = np.log(rows[column])
    return np.asarray(log - log.groupby([rows["channel"], rows["month"]]).transform("mean"))

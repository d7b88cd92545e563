"""Cohorts that are no customers by the look of them: figures of an index, of which each begins alike."""

from __future__ import annotations

from attribution.economics.cohorts import Cohorts
from attribution.findings import Finding
from attribution.numbers import amount

__all__ = ["odd_cohorts"]

_COHORTS = 6


def odd_cohorts(cohorts: Cohorts) -> Finding:
    """Whether cohorts begin with as many customers as came, and not all with 100 or 1,000, as an index does.

    Parameters
    ----------
    cohorts
        As :func:`attribution.economics.read_cohorts` reads them.
    """
    begin = cohorts.frame.loc[cohorts.frame["age"] == 0, "active"]
    alike = len(begin) >= _COHORTS and begin.nunique() == 1
    text = "Cohorts begin with differing numbers of customers, as those that count people do."
    if alike:
        text = (
            f"All {amount(len(begin))} cohorts begin with {amount(float(begin.iloc[0]))} customers, as figures of an "
            "index do. Then margins of a customer are wrong, and intervals too wide or too narrow: give the customers "
            "themselves, or leave it if it is true."
        )
    return Finding("odd_cohorts", not alike, float(alike), 0.0, text)

"""What the opinions of a run are, and what they make of credit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution import Calibrated, Factor, Opinions
from attribution.findings import Finding

__all__ = ["Heard"]


@dataclass(frozen=True, eq=False)
class Heard:
    """What everybody says, and what that makes of credit.

    Parameters
    ----------
    opinions
        Over the common days, in the KPI's customers.
    first, last
        First and last of these days.
    spend
        Currency over them, by channel.
    scale
        The KPI's customers per conversion of the log, by which credit was scaled; 1 where the log's are not counted.
    factors
        Customers brought per conversion credited in the log, by model and channel.
    factor_table
        One row each: the factor as of the last day with its interval and age, and all that reading it again needs.
    calibrated
        Model's name to its credit over the whole log, corrected.
    notes
        What was assumed to bring opinions to the same days, in sentences.
    findings
        Contradictions, and factors that say little.
    """

    opinions: Opinions
    first: pd.Timestamp
    last: pd.Timestamp
    spend: pd.Series
    scale: float
    factors: tuple[Factor, ...]
    factor_table: pd.DataFrame
    calibrated: Mapping[str, Calibrated]
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row per channel and opinion: customers, share of all and CAC with intervals, what it can know."""
        table = self.opinions.to_frame()
        spent = table["channel"].map(self.spend)
        ends = zip(("cac", "cac_low", "cac_high"), ("customers", "customers_high", "customers_low"), strict=True)
        for place, (name, divisor) in enumerate(ends):
            won = table[divisor]
            table.insert(6 + place, name, np.where(won > 0, spent / won.where(won > 0), np.inf))
        return table

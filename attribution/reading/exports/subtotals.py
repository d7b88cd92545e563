"""Rows that are sums of others: where a report is divided further, its platform may keep a row for the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from attribution.reading.stand_ins import is_total

__all__ = ["subtotals"]

_FEWEST = 5
_DEEPEST = 4


def subtotals(columns: Mapping[str, Sequence[str]], spend: pd.Series, days: pd.Series) -> tuple[str, int] | None:
    """A column whose empty cells, or whose words such as `All`, mark rows that hold what the others hold.

    They do where on each of five days or more, on which money differs, the marked rows sum to as much as the others, or
    to a whole multiple or part of it, as where several columns divide a report.

    Parameters
    ----------
    columns
        Name -> its cells as text.
    spend, days
        By row.

    Returns
    -------
    The column, and the place of its first marked row; None where there is none.
    """
    for name, cells in columns.items():
        marks = {cell: cell in ("", "-", "--") or is_total(cell) for cell in set(cells)}
        if len(marks) < 2 or len(set(marks.values())) < 2:
            continue
        marked = np.array([marks[cell] for cell in cells])
        if _alike(spend[marked].groupby(days[marked]).sum(), spend[~marked].groupby(days[~marked]).sum()):
            return name, int(marked.argmax())
    return None


def _alike(marked: pd.Series, others: pd.Series) -> bool:
    both = pd.DataFrame({"marked": marked, "others": others}).fillna(0.0)
    both = both[(both != 0).any(axis=1)]
    if both["others"].round(6).nunique() < _FEWEST:
        return False
    multiples = [times for deep in range(1, _DEEPEST) for times in (deep, 1 / deep)]
    return any(np.allclose(both["marked"], times * both["others"], rtol=1e-3, atol=0.011) for times in multiples)

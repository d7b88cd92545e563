"""Tables of conversion rates whose rows are no counts of arms: totals, rates, sums so far, arms under two names."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attribution.errors import Problem
from attribution.reading.look_alikes import look_alikes, spelt_out
from attribution.reading.stand_ins import totals_among

__all__ = ["odd_arms"]

_DAYS = 5


def odd_arms(name: str, rows: pd.DataFrame, whole: pd.DataFrame) -> Iterator[Problem]:
    """Problems of a table of arms, whose rows of one arm are to be summed.

    Parameters
    ----------
    name
        What messages call the table.
    rows
        Typed: ``arm``, ``visitors``, ``conversions``, perhaps ``revenue`` and ``revenue_squares``.
    whole
        The table as it stands.
    """
    for names in look_alikes(rows["arm"].astype(str)):
        text = f"writes one arm in several ways: {', '.join(map(spelt_out, names[:_DAYS]))}."
        yield Problem(name, text, "arm", remedy="write it in one way, or give arms other names.")
    for total in totals_among(rows["arm"].astype(str), rows["visitors"]):
        text = f"holds {total!r} with as many visitors as all other arms: rows of totals."
        yield Problem(name, text, "arm", remedy="delete them; or rename the arm if it is one.")
    if (rows["conversions"] % 1 != 0).any():
        told = "shares of visitors" if rows["conversions"].max() <= 1 else "fractions"
        yield Problem(name, f"holds {told}, and no counts.", "conversions", remedy="give how many visitors converted.")
    if len(rows) > 1 and (rows["conversions"] == rows["visitors"]).all():
        text = "is as large as visitors in every row: one column was given as both, or only those who converted."
        yield Problem(name, text, "conversions", remedy="give all visitors of each arm, and how many converted.")
    if {"revenue", "revenue_squares"} <= set(rows):
        arms = rows.groupby("arm")[["visitors", "revenue", "revenue_squares"]].sum()
        least = arms["revenue"] ** 2 / arms["visitors"].clip(lower=1)
        for arm in arms.index[arms["revenue_squares"] < least * (1 - 1e-9)]:
            found, floor = arms["revenue_squares"][arm], least[arm]
            text = (
                f"is {found:g} for arm {arm!r}, and cannot be below {floor:g} for so much revenue of so many visitors."
            )
            yield Problem(name, text, "revenue_squares", remedy="square each visitor's revenue, then add up.")
    if len(whole) > 1 and whole.duplicated(keep=False).all():
        text = "holds each row twice or more: it was delivered twice."
        yield Problem(name, text, remedy="keep each row once; rows of several days need a column of the day.")
    if _so_far(rows):
        text = "rises from row to row within every arm, as sums so far do, and rows of one arm are added up."
        yield Problem(name, text, "visitors", remedy="give what each day brought, or one row for each arm.")
    if ("revenue" in rows) != ("revenue_squares" in rows):
        lacks = "revenue_squares" if "revenue" in rows else "revenue"
        text = "is missing, and without it nothing says how revenue differs between visitors."
        yield Problem(name, text, lacks, remedy="add it, or leave out both revenue and revenue_squares.")


def _so_far(rows: pd.DataFrame) -> bool:
    arms = [arm for _, arm in rows.groupby("arm", sort=False)]
    return all(
        len(arm) >= _DAYS
        and (np.diff(arm["visitors"]) > 0).all()
        and (np.diff(arm["conversions"]) >= 0).all()
        and arm["visitors"].iloc[-1] >= arm["visitors"].iloc[0] * len(arm) / 2
        for arm in arms
    )

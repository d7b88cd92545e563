"""Customers by recency, frequency and value, and how much more than an average one each counts for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.numbers import counted, decimal, percent
from attribution.shown import shown

__all__ = ["CustomerSegments", "customer_segments"]

_SHOWN = 3
_LEAST = 30  # customers whose mean value is their segment's own by half


@shown
@dataclass(frozen=True, eq=False)
class CustomerSegments:
    """Customers in segments.

    Parameters
    ----------
    people
        By person: ``first`` (day of the first order), ``recency`` (days from the last order within the window to its
        end), ``frequency`` (orders in it), ``value`` (currency in it), ``segment`` (their thirds or fifths, such as
        ``3-1-2``; empty where the window is not over) and ``weight``.
    segments
        By segment: ``customers``, ``value`` (mean, currency) and ``weight``.
    window, quantiles
        Days from the first order on that are looked at, and into how many parts each of the three is divided.
    """

    people: pd.DataFrame
    segments: pd.DataFrame
    window: int
    quantiles: int

    @property
    def open_share(self) -> float:
        """Share of customers whose window is not over, who count as average ones."""
        return float((self.people["segment"] == "").mean())

    @property
    def said(self) -> str:
        """How customers count, in a sentence without its end."""
        low, high = self.segments["weight"].min(), self.segments["weight"].max()
        text = (
            f"customers count by the mean value of their segment (recency, frequency and value of their first "
            f"{self.window} days, each in {self.quantiles} parts), {decimal(low, 2)} to {decimal(high, 2)} of an "
            "average one"
        )
        return f"{text}; {percent(self.open_share)}, whose {self.window} days are not over, count as average ones."


def customer_segments(
    orders: pd.DataFrame, window: int = 90, quantiles: int = 3, last: pd.Timestamp | None = None
) -> CustomerSegments:
    """Segments of customers, all looked at for equally long.

    Recency, frequency and value count from the first order to ``window`` days after it: counted to the end of the file
    they would make every older customer the better one. The weight of a segment is its mean value against that of all,
    drawn towards 1 where it has few customers; the mean weight of all is 1.

    Parameters
    ----------
    orders
        ``date``, ``person`` and ``value`` (currency) of every order.
    window
        Days from the first order on.
    quantiles
        Parts of equal size into which recency, frequency and value are divided each; equal figures stay together.
    last
        Last day that the orders cover; the latest order where left out.

    Raises
    ------
    BadInput
        Orders without a person or a value, or nobody whose window is over.

    Examples
    --------
    >>> days = pd.to_datetime(["2026-01-01", "2026-01-09", "2026-01-02"])
    >>> orders = pd.DataFrame({"person": list("aab"), "date": days})
    >>> segments = customer_segments(orders.assign(value=[10.0, 30.0, 10.0]), 30, 2, last=pd.Timestamp("2026-06-30"))
    >>> segments.people["frequency"].tolist()
    [2, 1]
    """
    frame = pd.DataFrame(orders[["date", "person", "value"]]).sort_values("date", kind="stable", ignore_index=True)
    _check(frame, window, quantiles)
    end = frame["date"].max() if last is None else last
    first = frame.groupby("person")["date"].transform("min")
    inside = frame[(frame["date"] - first).dt.days < window].assign(first=first)
    people = inside.groupby("person").agg(
        first=("first", "min"), latest=("date", "max"), frequency=("date", "size"), value=("value", "sum")
    )
    people["recency"] = window - (people.pop("latest") - people["first"]).dt.days
    whole = people["first"] + pd.Timedelta(days=window) <= end
    if not whole.any():
        text = f"holds nobody whose first order is {counted(window, 'day')} back."
        raise BadInput(Problem("orders", text, remedy="take a shorter window, or export orders of a longer time."))
    own = people[whole]
    parts = [_part(-own["recency"], quantiles), _part(own["frequency"], quantiles), _part(own["value"], quantiles)]
    people["segment"] = pd.Series(["-".join(map(str, each)) for each in zip(*parts, strict=True)], own.index)
    people["segment"] = people["segment"].fillna("")
    by_segment = people[whole].groupby("segment")["value"]
    segments = pd.DataFrame({"customers": by_segment.size(), "value": by_segment.mean()})
    mean = float(own["value"].mean())
    if not mean > 0:
        text = f"is worth nothing within {counted(window, 'day')} of the first one."
        raise BadInput(Problem("orders", text, "value", remedy="take a longer window, or another column of money."))
    trust = segments["customers"] / (segments["customers"] + _LEAST)
    drawn = trust * segments["value"] + (1 - trust) * mean
    if len(negative := drawn.index[drawn < 0]):
        text = (
            f"makes segments worth less than nothing: {', '.join(negative[:_SHOWN])}, at {drawn.min():,.0f} a customer."
        )
        remedy = "take refunds off the order that they are of; a customer cannot count for less than nobody."
        raise BadInput(Problem("orders", text, "value", remedy=remedy))
    segments["weight"] = drawn / float(np.average(drawn, weights=segments["customers"]))
    people["weight"] = people["segment"].map(segments["weight"]).fillna(1.0)
    columns = ["first", "recency", "frequency", "value", "segment", "weight"]
    return CustomerSegments(people[columns], segments, window, quantiles)


def _check(frame: pd.DataFrame, window: int, quantiles: int) -> None:
    problems = []
    if not window >= 1 or not 2 <= quantiles <= 10:
        text = f"window is {window} and quantiles {quantiles}."
        problems.append(Problem("segments", text, remedy="give a day or more, and from 2 to 10 parts."))
    if frame.empty or (frame["person"].isna() | (frame["person"] == "")).any():
        problems.append(Problem("orders", "names no person in some rows.", "person", remedy="leave such orders out."))
    if not np.isfinite(frame["value"].to_numpy(dtype=float)).all():
        remedy = "name the column of money with value; refunds are taken off their order."
        problems.append(Problem("orders", "has no value in some rows.", "value", remedy=remedy))
    elif len(frame) and not frame["value"].sum() > 0:
        problems.append(Problem("orders", "is worth nothing together.", "value", remedy="name the column of money."))
    if problems:
        raise BadInput(problems)


def _part(figures: pd.Series, parts: int) -> list[int]:
    """1 for the lowest part of equal size to ``parts`` for the highest; equal figures get one number."""
    share = (figures.rank(method="min") - 1) / len(figures)
    return [int(each) for each in np.minimum(np.floor(share.to_numpy() * parts), parts - 1) + 1]

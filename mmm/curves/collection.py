"""ResponseCurves: the curves of all channels over one period, with draws paired across channels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem, UnknownChannel, bounded, require
from attribution.shown import LINE, table_html
from mmm.arrays import Array
from mmm.curves.base import ResponseCurve

__all__ = ["ResponseCurves"]


class ResponseCurves(Mapping[str, ResponseCurve]):
    """An immutable mapping from channel to curve.

    Draw i of one channel belongs with draw i of every other, as they came from one posterior.

    Parameters
    ----------
    curves
        Channel names and their curves, all over the same period and in the same currency.

    Raises
    ------
    BadInput
        Where a value is not a curve, or curves have different numbers of draws.

    Examples
    --------
    >>> from mmm.curves import Hill
    >>> curves = ResponseCurves({"tv": Hill(50, 100), "search": Hill(30, 100)})
    >>> curves.customers({"tv": 100, "search": 100})
    array([40.])
    """

    def __init__(self, curves: Mapping[str, ResponseCurve]) -> None:
        require(curves, Mapping, "curves", "give channel -> curve, or posterior.curves(weeks=13).")
        self._curves = {str(channel): curve for channel, curve in curves.items()}
        problems: list[Problem | str] = [
            Problem("curves", f"is a {type(curve).__name__}, not a ResponseCurve.", channel, remedy="give a curve.")
            for channel, curve in self._curves.items()
            if not isinstance(curve, ResponseCurve)
        ]
        if not self._curves:
            problems.append(Problem("curves", "has no channel.", remedy="give at least one channel with its curve."))
        if problems:
            raise BadInput(problems)
        draws = {channel: curve.n_draws for channel, curve in self._curves.items() if curve.n_draws}
        if len(set(draws.values())) > 1:
            listed = ", ".join(f"{channel}: {count}" for channel, count in draws.items())
            remedy = "draws are paired across channels, so take the same ones from each."
            raise BadInput(Problem("curves", f"have different numbers of draws ({listed}).", remedy=remedy))
        self._n_draws = max(draws.values(), default=0)

    def __getitem__(self, channel: str) -> ResponseCurve:
        try:
            return self._curves[channel]
        except KeyError:
            raise UnknownChannel(channel, known=self._curves, where="the response curves") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._curves)

    def __len__(self) -> int:
        return len(self._curves)

    def __repr__(self) -> str:
        kinds = ", ".join(f"{channel}: {type(curve).__name__}" for channel, curve in self._curves.items())
        return f"ResponseCurves({bounded(kinds, LINE - 80)}; {self.n_draws} draws)"

    def _repr_html_(self) -> str:
        kinds = {channel: type(curve).__name__ for channel, curve in self._curves.items()}
        ceilings = {channel: float(np.mean(curve.ceiling)) for channel, curve in self._curves.items()}
        table = pd.DataFrame({"curve": kinds, "customers at unlimited spend": ceilings}).rename_axis("channel")
        return f"<p>{escape(repr(self))}</p>{table_html(table)}"

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels, in their order."""
        return tuple(self._curves)

    @property
    def n_draws(self) -> int:
        """Number of posterior draws; 0 where every curve is made of plain numbers."""
        return self._n_draws

    def amounts(self, spend: Mapping[str, float] | pd.Series) -> Array:
        """Spend in the order of the channels; channels not named get zero.

        Raises
        ------
        UnknownChannel
            Where ``spend`` names a channel without a curve.
        """
        require(spend, (Mapping, pd.Series), "spend", "give channel -> amount; of an allocation pass its spend.")
        given = dict(spend.items())
        for channel in given:
            if channel not in self._curves:
                raise UnknownChannel(channel, known=self._curves, where="the spend")
        return np.array([float(given.get(channel, 0.0)) for channel in self._curves])

    def by_channel(self, spend: Mapping[str, float] | pd.Series) -> pd.DataFrame:
        """Customers of each channel at ``spend``: draws x channels, one row where curves have no draws."""
        rows = max(self.n_draws, 1)
        columns = {
            channel: np.broadcast_to(curve(amount), (rows,))
            for (channel, curve), amount in zip(self._curves.items(), self.amounts(spend), strict=True)
        }
        return pd.DataFrame(columns)

    def customers(self, spend: Mapping[str, float] | pd.Series) -> Array:
        """Draws of the customers that all channels bring at ``spend``, shape (draws,), or (1,) without draws."""
        return np.asarray(self.by_channel(spend).to_numpy().sum(axis=1))

    def over(self, weeks: float) -> ResponseCurves:
        """The curves of a horizon of equal weeks, for curves of one week at steady state."""
        return ResponseCurves({channel: curve.over(weeks) for channel, curve in self._curves.items()})

    def take(self, draws: Any) -> ResponseCurves:
        """The curves at some of the draws, in the order given."""
        return ResponseCurves({channel: curve.take(draws) for channel, curve in self._curves.items()})

    def with_curve(self, channel: str, curve: ResponseCurve) -> ResponseCurves:
        """The curves with one channel added or replaced."""
        return ResponseCurves({**self._curves, channel: curve})

    def without(self, channel: str) -> ResponseCurves:
        """The curves without one channel."""
        self[channel]
        return ResponseCurves({name: curve for name, curve in self._curves.items() if name != channel})

    def to_frame(self) -> pd.DataFrame:
        """One row per channel and parameter: family, mean and the 5 % and 95 % points over draws."""
        rows = []
        for channel, curve in self._curves.items():
            for name, values in curve.parameters.items():
                low, high = np.quantile(values, [0.05, 0.95])
                rows.append((channel, type(curve).__name__, name, float(values.mean()), float(low), float(high)))
        return pd.DataFrame(rows, columns=["channel", "family", "parameter", "mean", "low", "high"])

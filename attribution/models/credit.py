"""Credit: what a model gives each channel, and models side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import pandas as pd

from attribution.economics.cac import channel_cac
from attribution.errors import BadInput
from attribution.estimates import INTERVAL
from attribution.shown import shown, table_html

__all__ = ["Credit", "compare"]


@shown
@dataclass(frozen=True, eq=False)
class Credit:
    """Conversions and value credited to each channel by one model.

    Credit describes paths. It is not the effect of advertising: every model hands out all conversions, also those
    that would have happened without any touch.

    Parameters
    ----------
    model
        Name of the model.
    conversions
        Credited conversions by channel; they sum to the conversions of the paths.
    value
        Credited value by channel, in currency.
    removal_effect, removal_effect_value
        Share of conversions (of value) lost if the channel's touches led nowhere; None except for Markov models.
    details
        Further tables of the model by name, such as the parts of an ordered Shapley credit.
    """

    model: str
    conversions: pd.Series
    value: pd.Series
    removal_effect: pd.Series | None = None
    removal_effect_value: pd.Series | None = None
    details: dict[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def channels(self) -> list[str]:
        """Channels in the order of the index."""
        return [str(channel) for channel in self.conversions.index]

    @property
    def share(self) -> pd.Series:
        """Credited conversions as shares that sum to one."""
        return (self.conversions / self.conversions.sum()).rename("share")

    def cac(self, spend: pd.Series | dict[str, float]) -> pd.Series:
        """Spend per credited conversion.

        Parameters
        ----------
        spend
            Currency by channel over the time of the paths; a channel without spend may be left out and counts as
            free.

        Returns
        -------
        pandas.Series
            Infinite where a channel has spend and no credit; NaN where it has neither.

        Raises
        ------
        UnknownChannel
            For spend on a channel that is in no path.
        """
        return channel_cac(spend, self.conversions)

    def to_frame(self) -> pd.DataFrame:
        """One row per channel with conversions, value, share and removal effects where there are any."""
        columns = {"conversions": self.conversions, "value": self.value, "share": self.share}
        for name in ("removal_effect", "removal_effect_value"):
            if getattr(self, name) is not None:
                columns[name] = getattr(self, name)
        return pd.DataFrame(columns)

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.model)} credit</p>{table_html(self.to_frame())}"


def compare(credits: Sequence[Credit], of: str = "conversions") -> pd.DataFrame:  # noqa: A002
    """Models side by side.

    Parameters
    ----------
    credits
        Credits, or results of :func:`attribution.bootstrap`, which add their interval.
    of
        ``"conversions"``, ``"value"`` or ``"share"``.

    Returns
    -------
    pandas.DataFrame
        Channels x models; with any interval among them, the columns are (model, estimate | 5% | 95%).

    Raises
    ------
    BadInput
        Nothing to compare, or two entries of the same name.
    """
    if hasattr(credits, "model"):
        raise BadInput("compare takes a list. Remedy: compare([credit, ...]).")
    if not credits:
        raise BadInput("compare needs at least one credit.")
    names = [credit.model for credit in credits]
    if len(set(names)) < len(names):
        raise BadInput(f"compare got the same model twice: {', '.join(sorted(names))}.")
    estimates = {credit.model: getattr(credit, of) for credit in credits}
    if not any(hasattr(credit, "summary") for credit in credits):
        return pd.DataFrame(estimates)
    parts = {}
    for credit in credits:
        part = pd.DataFrame({"estimate": estimates[credit.model]})
        if hasattr(credit, "summary"):
            part[[*INTERVAL]] = credit.summary(of)[[*INTERVAL]]
        parts[credit.model] = part
    return pd.concat(parts, axis=1)

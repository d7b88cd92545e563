"""Conversions as platforms of a simulated world would report them: each by its own rules, blind to all others."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from attribution.errors import UnknownChannel
from attribution.simulate import JourneyData

__all__ = ["platform_reports"]


def platform_reports(
    journeys: JourneyData, channels: Sequence[str], *, click_days: float = 7.0, view_days: float = 1.0
) -> pd.DataFrame:
    """Weekly conversions that each channel's platform claims.

    A platform claims everybody who converted within some days of a click on its ads or of a view of them, whoever else
    met them in the meantime, so that the claims of all together exceed what was caused.

    Parameters
    ----------
    journeys
        The touches and conversions of a world.
    channels
        Those whose platforms report.
    click_days, view_days
        Days for which a click and a view count.

    Returns
    -------
    pandas.DataFrame
        ``date`` (Mondays), ``channel``, ``conversions``; every week of the journeys and every channel once.

    Raises
    ------
    UnknownChannel
        A channel that nobody touched.
    """
    touches, won = journeys.touchpoints, journeys.conversions
    known = list(dict.fromkeys(touches["channel"]))
    for channel in channels:
        if channel not in known:
            raise UnknownChannel(channel, known, "the journeys")
    met = touches[touches["channel"].isin(channels)].merge(won, on="user", suffixes=("", "_won"))
    days = (met["time_won"] - met["time"]).dt.total_seconds() / 86_400
    counts = (days >= 0) & (days <= met["kind"].map({"click": click_days, "view": view_days}))
    claimed = met[counts].drop_duplicates(["user", "channel"])
    weeks = pd.date_range(_monday(won["time"]).min(), _monday(won["time"]).max(), freq="7D")
    rows = pd.MultiIndex.from_product([weeks, channels], names=["date", "channel"])
    number = claimed.groupby([_monday(claimed["time_won"]).rename("date"), "channel"]).size()
    return number.reindex(rows, fill_value=0).rename("conversions").reset_index()


def _monday(time: pd.Series) -> pd.Series:
    day = time.dt.tz_localize(None).dt.normalize()
    return pd.Series(day - pd.to_timedelta(day.dt.day_of_week, unit="D"))

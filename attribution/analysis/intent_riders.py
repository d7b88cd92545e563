"""Flags for likely intent riders: channels met by people who would have bought anyway.

No model of paths can tell an effect from an intent that was there before (Blake, Nosko and Tadelis 2015, Consumer
heterogeneity and paid search effectiveness, Econometrica 83). These flags name the marks of riding; only an
experiment or the mix model settles the matter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from attribution.findings import Finding
from attribution.models.heuristic import FirstTouch, LastTouch
from attribution.models.sums_by_key import Tally
from attribution.paths.journeys import Journeys
from attribution.paths.touches import Touches

__all__ = ["RiderLimits", "intent_riders", "rider_marks"]


@dataclass(frozen=True)
class RiderLimits:
    """Where a mark becomes a flag.

    Parameters
    ----------
    closing
        Last-touch credit over first-touch credit.
    position
        Mean place in converting paths of two or more touches, from 0 (opens) to 1 (closes).
    final_day
        Share of the channel's touches in converting paths that lie within a day of the conversion, over that share
        among all channels.
    branded
        Names of channels that carry the brand.
    """

    closing: float = 2.0
    position: float = 0.6
    final_day: float = 1.5
    branded: Sequence[str] = (r"brand", r"coupon", r"voucher", r"retarget", r"remarket")


def rider_marks(journeys: Journeys) -> pd.DataFrame:
    """What the flags rest on, one row per channel.

    Parameters
    ----------
    journeys
        The paths.

    Returns
    -------
    pandas.DataFrame
        ``closing``, ``position`` and, with times, ``final_day``; see :class:`RiderLimits`.
    """
    channels = pd.Index(journeys.channels, name="channel")
    first, last = (model(journeys).conversions for model in (FirstTouch(), LastTouch()))
    marks = pd.DataFrame({"closing": last / first.where(first > 0)}, index=channels)

    def count(touches: Touches) -> pd.DataFrame:
        inner = touches.choose(touches.length > 1, touches.length - 1.0, 1.0)
        several = touches.choose(touches.length > 1, 1.0, 0.0) * touches.conversions
        late = touches.choose(touches.age <= 1.0, 1.0, 0.0) if journeys.timed else 0.0
        sums = {"nulls": several, "value": several * touches.step / inner, "conversions": late * touches.conversions}
        return touches.group((), {"channel": touches.channel}, sums)

    def touched(touches: Touches) -> pd.DataFrame:
        return touches.group((), {"channel": touches.channel}, {"conversions": touches.conversions})

    sums = _by_channel(Tally.gathered(journeys.blocks(converting=True), count), len(channels))
    marks["position"] = np.divide(
        sums["value"], sums["nulls"], out=np.full(len(channels), np.nan), where=sums["nulls"] > 0
    )
    if journeys.timed:
        seen = _by_channel(Tally.gathered(journeys.blocks(converting=True), touched), len(channels))["conversions"]
        share = np.divide(sums["conversions"], seen, out=np.full(len(channels), np.nan), where=seen > 0)
        late = float(sums["conversions"].sum() / seen.sum()) if seen.sum() > 0 else 0.0
        marks["final_day"] = share / late if late > 0 else np.nan
    return marks


def _by_channel(tally: Tally, channels: int) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    result = {}
    for name, sums in tally.total().items():
        result[name] = np.zeros(channels)
        result[name][tally.items["channel"].to_numpy(dtype=np.int64)] = sums[0]
    return result


def intent_riders(journeys: Journeys, limits: RiderLimits | None = None) -> list[Finding]:
    """One finding per channel: whether it has the marks of riding on intent.

    Parameters
    ----------
    journeys
        The paths.
    limits
        Where a mark becomes a flag. Two marks, or one and a telling name, make a channel suspect.

    Returns
    -------
    list of Finding
        Named ``"intent rider: <channel>"``; ``value`` is the number of marks and ``limit`` 1.
    """
    limits = limits or RiderLimits()
    findings = []
    for channel, row in rider_marks(journeys).iterrows():
        signs = [
            words
            for name, words in _WORDS.items()
            if name in row.index and pd.notna(row[name]) and row[name] > getattr(limits, name)
        ]
        if any(re.search(pattern, str(channel), re.IGNORECASE) for pattern in limits.branded):
            signs.append("its name speaks of existing intent")
        text = f"{channel} may ride on existing intent: {', '.join(signs)}. Its credit is no proof of effect."
        passed = len(signs) < 2
        clear = f"{channel} has {'one mark' if signs else 'no mark'} of riding on intent."
        doubted = () if passed else (str(channel),)
        findings.append(
            Finding(f"intent rider: {channel}", passed, float(len(signs)), 1.0, clear if passed else text, doubted)
        )
    return findings


_WORDS = {
    "closing": "it closes far more paths than it opens",
    "position": "it stands late in the paths",
    "final_day": "its touches crowd into the last day before the conversion",
}

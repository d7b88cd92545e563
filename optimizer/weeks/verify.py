"""The independent check of a schedule: promises as they are stated, weekly limits and pacing, carryover added up again.

As in ``answer.verify``, nothing comes from the search: adstock is summed lag by lag from the spend that came out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import fsum

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmm.arrays import Array
from mmm.curves import ResponseCurve
from optimizer.answer.misses import Miss
from optimizer.answer.verify import KEPT, Spent, missed, worst
from optimizer.plan import Plan
from optimizer.question.constraints import Pacing
from optimizer.question.limits import Limit, Side, Subject, Unit

__all__ = ["missed_in_weeks", "season_and_tail"]

_ROUNDING = 16 * float(np.finfo(float).eps)


def missed_in_weeks(
    plan: Plan,
    curves: Mapping[str, ResponseCurve],
    spend: pd.DataFrame,
    lags: Mapping[str, Array],
    history: Mapping[str, npt.ArrayLike],
    season: Array,
    weekly_most: float | Mapping[str, float] | None,
) -> tuple[Miss, ...]:
    """The promises and limits that a schedule does not keep.

    Parameters
    ----------
    plan
        What was promised, over the horizon.
    curves
        Weekly curves.
    spend
        The schedule, weeks x channels.
    lags
        Lag weights of every channel, shape (lags,) or (lags, draws).
    history
        Past weekly spend per channel.
    season
        Value of each week's response, tail included.
    weekly_most
        Most per week and channel.
    """
    setting = plan.setting(curves)
    amounts = {channel: fsum(spend[channel]) for channel in setting.channels}

    def won(channel: str) -> float:
        past = np.asarray(history.get(channel, []), dtype=float)
        return _won(curves[channel], spend[channel].to_numpy(dtype=float), lags[channel], past, season)

    spent = Spent(setting, amounts, won, lambda channel: np.nan)
    pacing = [part for part in plan.subject_to if isinstance(part, Pacing)]
    broken = [*_weekly(spend, weekly_most), *_paced(spend, pacing)]
    return (*worst(broken), *missed(plan.subject_to, spent))


def season_and_tail(season: npt.ArrayLike | None, weeks: int, lags: int) -> Array:
    """The value of every week in which spend still works: those of the horizon, and plain ones after it."""
    values = np.ones(weeks + lags - 1)
    if season is not None:
        values[:weeks] = season
    return values


def _won(curve: ResponseCurve, spend: Array, lags: Array, past: Array, season: Array) -> float:
    """Expected customers of a channel's weeks beyond what the past alone brings."""
    mean = lags if lags.ndim == 1 else lags.mean(axis=1)
    left = np.zeros(len(season))
    for age, amount in enumerate(past[::-1], start=1):
        left[: max(len(mean) - age, 0)] += amount * mean[age:]
    weights = lags[:, None] if lags.ndim == 1 else lags
    adstock = np.repeat(left[:, None], weights.shape[1], axis=1)
    for age, weight in enumerate(weights):
        adstock[age : age + len(spend)] += spend[:, None] * weight
    value = curve.at_draws(adstock)[0].mean(axis=1)
    if left.any():
        value = value - curve.at_draws(np.repeat(left[:, None], weights.shape[1], axis=1))[0].mean(axis=1)
    return fsum(value * season)


def _weekly(spend: pd.DataFrame, most: float | Mapping[str, float] | None) -> Iterator[tuple[Limit, float]]:
    for channel in spend:
        stated = most.get(str(channel)) if isinstance(most, Mapping) else most
        ceiling = np.inf if stated is None else float(stated)
        limit = Limit(Subject(f"{channel} per week", "channel", (str(channel),)), Side.AT_MOST, ceiling, Unit.CURRENCY)
        if (over := float(spend[channel].max()) - ceiling) > KEPT * ceiling:
            yield limit, over
        if not float(spend[channel].min()) >= 0:
            yield Limit(limit.subject, Side.AT_LEAST, 0.0, Unit.CURRENCY), -float(spend[channel].min())


def _paced(spend: pd.DataFrame, pacing: Sequence[Pacing]) -> Iterator[tuple[Limit, float]]:
    for part in pacing:
        for channel in spend:
            weekly = spend[channel].to_numpy(dtype=float)
            allowed = part.at_most * fsum(weekly) / len(weekly)
            moved = float(np.abs(np.diff(weekly)).max(initial=0.0))
            if moved - allowed > KEPT * allowed + _ROUNDING * float(weekly.max()):
                subject = Subject(f"{channel} from week to week", "channel", (str(channel),))
                yield Limit(subject, Side.AT_MOST, allowed, Unit.CURRENCY), moved - allowed

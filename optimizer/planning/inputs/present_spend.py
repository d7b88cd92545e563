"""Spend at present, and the most that was ever spent over a horizon."""

from __future__ import annotations

import numpy as np
import pandas as pd

from attribution.numbers import amount, counted
from mmm import LiftTest, Panel
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.file.markets import Markets
from optimizer.planning.inputs.markets import spend_by_cell
from optimizer.planning.inputs.reading import Reading, unit_of
from optimizer.planning.inputs.tested import spend_held_out

__all__ = ["observed_maximum", "present_spend_of", "read_present_spend"]


def read_present_spend(
    reading: Reading, panel: Panel, markets: Markets, plan: PlanSection, tests: tuple[LiftTest, ...] = ()
) -> pd.Series:
    """As :func:`present_spend_of`, with what was assumed for it noted."""
    wanted = plan.weeks * panel.per_week
    last = min(wanted, panel.periods)
    if plan.now is None or markets.several:
        weeks = counted(last, unit_of(panel))
        scaled = f"Spend now is that of the last {weeks}, scaled to {wanted}."
        said = scaled if last < wanted else f"Spend now is that of the last {weeks}."
        back = markets.totals(_held_out(panel, markets, last, tests))
        put = f"What hold-outs took in them is put back: {_listed(back)}." if back.any() else ""
        reading.assumptions.append(f"{said} {put}".rstrip())
    return present_spend_of(panel, markets, plan, tests)


def present_spend_of(panel: Panel, markets: Markets, plan: PlanSection, tests: tuple[LiftTest, ...] = ()) -> pd.Series:
    """Spend over a horizon at present, by channel or cell: what the plan file states, or that of the last weeks.

    What hold-outs among the tests took from those weeks is put back.
    """
    if plan.now is not None and not markets.several:
        return pd.Series({channel: plan.now[channel] for channel in panel.channels}, dtype=float)
    wanted = plan.weeks * panel.per_week
    last = min(wanted, panel.periods)
    spent = spend_by_cell(panel, markets).tail(last).sum()
    return (spent + _held_out(panel, markets, last, tests)) * (wanted / last)


def observed_maximum(spend: pd.DataFrame, periods: int) -> pd.Series:
    """The most ever spent on each channel or cell over a horizon; ``spend`` is by period of the table."""
    width = min(periods, len(spend))
    sums = np.lib.stride_tricks.sliding_window_view(spend.to_numpy(), width, axis=0).sum(axis=-1)
    return pd.Series(sums.max(axis=0) * periods / width, index=list(spend.columns))


def observed_least(spend: pd.DataFrame, periods: int) -> float:
    """The least ever spent on all channels together over a horizon; ``spend`` is by period of the table."""
    width = min(periods, len(spend))
    sums = np.lib.stride_tricks.sliding_window_view(spend.to_numpy().sum(axis=1), width).sum(axis=-1)
    return float(sums.min() * periods / width)


def _held_out(panel: Panel, markets: Markets, last: int, tests: tuple[LiftTest, ...]) -> pd.Series:
    """What hold-outs took from the last periods, by channel or cell."""
    taken = spend_held_out(tests, panel, last)
    return pd.Series({cell: taken.loc[market, channel] for cell, (channel, market) in markets.cells.items()})


def _listed(taken: pd.Series) -> str:
    return ", ".join(f"{channel} {amount(float(money))}" for channel, money in taken.items() if money)

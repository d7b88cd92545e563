"""The stage of stress: the plan file's stress library, asked of the run's plan."""

from __future__ import annotations

import pandas as pd

from mmm import Posterior
from mmm.checks.pool import Pool
from mmm.data.panel import Panel
from optimizer.planning.file.config import Config
from optimizer.planning.file.keys.plan import StressKeys
from optimizer.planning.inputs.inputs import Inputs
from optimizer.planning.stages.progress import Update
from optimizer.planning.stages.question import solved
from optimizer.planning.stages.result import PlanResult
from optimizer.scenarios.market import OrganicShift
from optimizer.scenarios.stress import COMPETITOR, Stress, Stressed, stress

__all__ = ["competitor_shock", "stress_of"]


def stress_of(config: Config, inputs: Inputs, draws: Posterior | Pool, base: PlanResult, update: Update) -> Stressed:
    """The run's plan under every shock of the plan file's library, or of the usual one where it names none.

    Parameters
    ----------
    config, inputs
        The plan file and its tables.
    draws
        What the plan rests on.
    base
        The plan.
    update
        Told how far it is.
    """
    keys, section = config.stress or StressKeys(), config.plan
    assert section is not None  # noqa: S101  config.py asks a plan of who asks for stress
    shock = None
    if keys.competitor is not None:
        shock = competitor_shock(keys.competitor, inputs.upcoming, draws, section.weeks * draws.panel.per_week)
    shocks = Stress(keys.budget, keys.cost, keys.conversion, keys.demand, keys.channels, shock)
    groups = None
    if inputs.markets is not None and inputs.markets.several:
        groups = {channel: inputs.markets.of_channel(channel) for channel in inputs.markets.channels}
    update(0.0, "stress")
    return stress(
        base.plan,
        base.curves,
        shocks,
        base.allocation,
        groups,
        lambda plan, curves: solved(section, plan, curves, base.doubted),
    )


def competitor_shock(
    control: str, upcoming: pd.DataFrame | dict[str, pd.DataFrame] | None, draws: Posterior | Pool, periods: int
) -> OrganicShift:
    """What it costs where a control stays at the worst level that it had over so many periods.

    Both ends are tried, for a price index hurts at its top or at its bottom; the one with fewer customers is the shock.

    Parameters
    ----------
    control
        Its column.
    upcoming
        Controls of the coming periods, by market where there are several.
    draws
        What the plan rests on.
    periods
        Of the plan.
    """
    panel = draws.panel
    expected = draws.organic(periods, controls=upcoming).by_week.sum(axis=1)
    shifts = []
    for end in (0, -1):
        changed = draws.organic(periods, controls=_held(panel, upcoming, control, periods, end))
        shifts.append(changed.by_week.sum(axis=1) - expected)
    return OrganicShift(f"{COMPETITOR} ({control})", min(shifts, key=lambda shift: float(shift.mean())))


def _held(
    panel: Panel, upcoming: pd.DataFrame | dict[str, pd.DataFrame] | None, control: str, periods: int, end: int
) -> pd.DataFrame | dict[str, pd.DataFrame]:
    """The coming controls with one at the least or the highest mean that it had over so many periods."""
    values = panel.controls[:, :, panel.control_names.index(control)]
    held = {}
    for geo, name in enumerate(panel.geos):
        table = upcoming[name] if isinstance(upcoming, dict) else upcoming
        assert table is not None  # noqa: S101  inputs refuse controls of which nothing says how they go on
        level = pd.Series(values[geo]).rolling(min(periods, panel.periods)).mean().dropna().sort_values().iloc[end]
        held[name] = table.assign(**{control: float(level)})
    return held if isinstance(upcoming, dict) else held[panel.geos[0]]

"""Checks of spend that may follow demand, as Findings: no weekly model tells what it brings from what brings it."""

from __future__ import annotations

import numpy as np

from attribution.findings import Finding
from attribution.numbers import percent
from mmm.arrays import Array
from mmm.data.panel import Panel
from mmm.model.baseline import Design
from mmm.model.model import Model

__all__ = ["check_demand"]

_PULL = 0.18  # change of the KPI per change of spend that is much for one channel
_RATE = 0.8  # share of the KPI that all media would bring, did they all work so well
_CORRELATION = 0.4


def check_demand(panel: Panel, model: Model, designs: tuple[Design, ...]) -> tuple[Finding, ...]:
    """Which paid channels look as if their spend followed demand, and which the model says ride on others.

    A channel is named where the KPI moves with its spend, both freed of trend, season, holidays and controls, at a
    correlation above 0.4 and by so much that all media, did they work so well, would bring more than 80 % of the KPI,
    and this channel alone more than 18 %. One that truly works so well looks the same; the finding asks, it does not
    know. Where spend moves a lot for reasons of its own a follower can stay below these figures and is not named.

    Parameters
    ----------
    panel, model
        A usable panel and a model about it.
    designs
        Columns of each geo's baseline, control functions aside.
    """
    return (_follows_demand(panel, model, designs), *_rides_on(model))


def _follows_demand(panel: Panel, model: Model, designs: tuple[Design, ...]) -> Finding:
    pull, correlation = _moves_with(panel, designs)
    spend = panel.spend.sum(axis=(0, 1))
    most = np.maximum(_PULL, _RATE * spend / max(float(spend.sum()), 1e-300))
    excess = np.where(correlation > _CORRELATION, pull / most, 0.0)
    named = {c: float(each) for c, each, over in zip(panel.channels, pull, excess, strict=True) if over > 1}
    worst = float(excess.max())
    if not named:
        return Finding("follows_demand", True, worst, 1.0, "No spend moves with demand by more than it may bring.")
    listed = ", ".join(
        f"{channel} (10 % more spend, {percent(each / 10, decimals=1)} more)" for channel, each in named.items()
    )
    text = (
        f"Customers move with the spend of {listed} in the same period, beyond trend, season and controls, by more "
        "than a channel is likely to bring. If spend rises when demand does, what demand brings is credited to it: its "
        "CAC looks too low. One that truly works so well looks the same. "
    )
    if model.demand is not None:
        text += "The model's control functions take out what the shape of spend gives away; a lift test settles it."
    else:
        text += (
            "Run a lift test; state whose demand it harvests (rides_on); or compare with the model under control "
            "functions (demand)."
        )
    return Finding("follows_demand", False, worst, 1.0, text, tuple(named))


def _moves_with(panel: Panel, designs: tuple[Design, ...]) -> tuple[Array, Array]:
    """Relative change of the KPI per relative change of each channel's driver, and their correlation, shape (C,) each.

    Over all geos, each in units of its own means.
    """
    count = len(panel.channels)
    products, media, kpis = np.zeros(count), np.zeros(count), 0.0
    for geo, terms in enumerate(designs):
        known = np.column_stack([np.ones(panel.periods), terms.measured])
        means = panel.media[geo, :, :count].mean(axis=0)
        spend = _freed(panel.media[geo, :, :count] / np.where(means > 0, means, 1.0), known)
        kpi = _freed(panel.kpi[geo] / panel.kpi[geo].mean(), known)
        products += kpi @ spend
        media += (spend**2).sum(axis=0)
        kpis += float(kpi @ kpi)
    moves = (media > 1e-9 * panel.kpi.size) & (kpis > 0)
    media = np.where(moves, media, 1.0)
    return np.where(moves, products / media, 0.0), np.where(moves, products / np.sqrt(media * max(kpis, 1e-300)), 0.0)


def _freed(series: Array, known: Array) -> Array:
    return np.asarray(series - known @ np.linalg.lstsq(known, series, rcond=1e-8)[0])


def _rides_on(model: Model) -> tuple[Finding, ...]:
    if not model.rides_on:
        return ()
    who = ", ".join(f"{channel} on {' and '.join(drivers)}" for channel, drivers in model.rides_on.items())
    text = (
        f"The model says who rides on whose demand: {who}. What a rider is credited with is partly the doing of what "
        "it rides on: its CAC looks too low, theirs too high. Only a lift test of the rider says by how much."
    )
    riders = tuple(model.rides_on)
    return (Finding("rides_on", False, float(len(riders)), 0.0, text, riders),)

"""The plan by market and by channel: sums of its cells, their intervals from sums of draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from attribution.estimates import Estimate
from attribution.numbers import change
from mmm.arrays import Array
from optimizer.answer.evaluation import Evaluation
from optimizer.planning.outputs.sections.section import Section, Table
from optimizer.planning.stages.order import order_of
from optimizer.planning.stages.result import PlanResult, Run

__all__ = ["MARKETS", "Part", "parts_by_channel", "parts_by_market"]


@dataclass(frozen=True, eq=False)
class Part:
    """A part of the plan: a market, or a channel over all markets.

    Parameters
    ----------
    name
        Of the market or channel.
    now, planned
        Currency over the horizon.
    paid_now, paid
        Draws of the customers whom that brings, shape (draws,).
    organic
        Draws of the customers who come by themselves, shape (draws,); None of a channel.
    """

    name: str
    now: float
    planned: float
    paid_now: Array
    paid: Array
    organic: Array | None = None

    @property
    def customers(self) -> Array:
        """Draws of all customers of the plan."""
        return self.paid if self.organic is None else np.asarray(self.paid + self.organic)

    @property
    def customers_now(self) -> Array:
        """Draws of all customers of today's spend."""
        return self.paid_now if self.organic is None else np.asarray(self.paid_now + self.organic)

    def row(self, kind: str) -> dict[str, object]:
        """One row of a flat file; ``kind`` is what its first column is called."""
        row: dict[str, object] = {kind: self.name, "spend_now": self.now, "spend_planned": self.planned}
        row |= {"change": self.planned - self.now}
        row |= {"change_share": self.planned / self.now - 1 if self.now else np.nan}
        row |= Estimate.of(self.customers_now).flat("customers_now")
        row |= Estimate.of(self.customers).flat("customers_planned")
        if self.organic is not None:
            row |= Estimate.of(self.organic).flat("organic_customers")
            row |= Estimate.cost(self.now, self.customers_now).flat("spend_per_customer_now")
            row |= Estimate.cost(self.planned, self.customers).flat("spend_per_customer_planned")
        row |= Estimate.cost(self.now, self.paid_now).flat("cac_now")
        return row | Estimate.cost(self.planned, self.paid).flat("cac_planned")


def parts_by_market(run: Run) -> tuple[Part, ...]:
    """The plan by market, the largest first; nothing where the plan file names no column of markets."""
    plan, markets = run.plan, run.inputs.markets
    if plan is None or markets is None or not run.by_market:
        return ()
    organic = plan.organic.by_geo
    parts = [_part(plan, name, markets.of_market(name), organic[:, place]) for place, name in enumerate(markets.names)]
    return tuple(sorted(parts, key=lambda part: -part.planned))


def parts_by_channel(run: Run) -> tuple[Part, ...]:
    """The plan by channel over all markets; nothing where the plan file names no column of markets."""
    plan, markets = run.plan, run.inputs.markets
    if plan is None or markets is None or not run.by_market:
        return ()
    cells = {channel: markets.of_channel(channel) for channel in markets.channels}
    new = [cell for cell in plan.curves if cell not in markets.cells]
    own = {**cells, **{cell: [cell] for cell in new}}
    return tuple(_part(plan, name, own[name]) for name in order_of(run).of(own) if own[name])


def _part(plan: PlanResult, name: str, cells: Sequence[str], organic: Array | None = None) -> Part:
    own = [cell for cell in cells if cell in plan.curves]

    def paid(side: Evaluation) -> Array:
        return np.asarray(side.paid[own].to_numpy().sum(axis=1))

    now, planned = (float(side.spend[own].sum()) for side in (plan.now, plan.planned))
    return Part(name, now, planned, paid(plan.now), paid(plan.planned), organic)


def _view(run: Run) -> dict[str, Any] | None:
    markets = parts_by_market(run)
    if not markets:
        return None
    return {"by_market": [_shown(part) for part in markets], "by_channel": [_shown(p) for p in parts_by_channel(run)]}


def _shown(part: Part) -> dict[str, Any]:
    return {
        "name": part.name,
        "now": part.now,
        "planned": part.planned,
        "change": change(part.now, part.planned),
        "customers_now": Estimate.of(part.customers_now),
        "customers": Estimate.of(part.customers),
        "cac": Estimate.cost(part.planned, part.paid),
        "per_customer": Estimate.cost(part.planned, part.customers),
    }


def _tables(run: Run) -> Iterator[Table]:
    markets = parts_by_market(run)
    if markets:
        by_market = pd.DataFrame([part.row("market") for part in markets])
        by_channel = pd.DataFrame([part.row("channel") for part in parts_by_channel(run)])
        yield Table("plan_by_market.csv", by_market)
        yield Table("plan_by_channel.csv", by_channel)


MARKETS = Section("markets", "By market", _view, tables=_tables)

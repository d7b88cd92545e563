"""Whether a plan on customers weighed by value buys more value than one on customers alone.

``python tests/benchmarks/planning_by_value.py`` prints the true value (EUR of margin over the horizon) of both plans on
simulated shops whose channels bring customers of unequal value; the plans know orders and spend alone.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
import pandas as pd

import mmm
from attribution.reading.exports.orders import Orders
from mmm.data.customers import ByValue, new_customers_by_day
from optimizer import Budget, Channel, Customers, Plan

CHANNELS = ("search", "social", "video")
WEEKS = 104


def shop(seed: int) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, tuple[float, float, float]]]:
    """Spend by week, orders, and channel -> ceiling, half saturation and orders of a customer in the first 90 days."""
    rng = np.random.default_rng(seed)
    truth = {name: (rng.uniform(60, 140), rng.uniform(3000, 8000), rng.uniform(0.1, 3.0)) for name in CHANNELS}
    weeks = pd.date_range("2024-01-01", periods=WEEKS, freq="7D")
    spend = pd.DataFrame({name: rng.gamma(4, truth[name][1] / 4, WEEKS) for name in CHANNELS}, index=weeks)
    rows, people = [], 0
    for week in weeks:
        for name in (*CHANNELS, "organic"):
            ceiling, half, more = truth.get(name, (0, 1, 1.0))
            expected = 80.0 if name == "organic" else ceiling * spend.loc[week, name] / (half + spend.loc[week, name])
            for person in range(people, people := people + int(rng.poisson(expected))):
                days = [0, *rng.integers(1, 90, rng.poisson(more))]
                start = week + pd.Timedelta(days=int(rng.integers(7)))
                rows += [(start + pd.Timedelta(days=int(day)), str(person), rng.gamma(4, 12)) for day in days]
    orders = pd.DataFrame(rows, columns=["date", "person", "value"]).assign(order="")
    return spend, orders[orders["date"] < weeks[-1] + pd.Timedelta(days=7)], truth


def true_value(truth: dict[str, tuple[float, float, float]], spend: pd.Series) -> float:
    """Value of a week's customers at a week's spend, EUR."""
    return sum(
        ceiling * spend[name] / (half + spend[name]) * 48 * (1 + more) for name, (ceiling, half, more) in truth.items()
    )


def planned(spend: pd.DataFrame, orders: pd.DataFrame, by_value: ByValue | None) -> pd.Series:
    """The week's spend of the plan for most of the KPI at today's budget."""
    frame = orders.sort_values("date").reset_index(drop=True)
    span = (spend.index[0], spend.index[-1] + pd.Timedelta(days=6))
    daily = new_customers_by_day([Orders("orders", "orders.csv", frame, len(frame), span)], by_value=by_value).daily
    kpi = (daily["kpi"] / 1e6).groupby((daily.index - spend.index[0]).days // 7).sum()
    table = spend.assign(new_customers=kpi.to_numpy()).rename_axis("week").reset_index()
    panel = mmm.Panel.from_frame(table, "week", "new_customers", list(CHANNELS))
    posterior = mmm.fit(panel, mmm.Model(), chains=2, draws=300, tune=400, seed=1)
    now = spend.mean()
    limits = [Channel(name).at_most(3 * now[name]) for name in CHANNELS]
    plan = Plan(maximize=Customers(), subject_to=[Budget(exactly=float(now.sum())), *limits])
    return plan.solve(posterior.curves(weeks=1)).spend


def main() -> int:
    """Print each shop and the sum."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shops", type=int, default=6)
    wins = 0
    asked = parser.parse_args()
    for seed in range(asked.shops):
        spend, orders, truth = shop(seed)
        plain, weighed = (true_value(truth, planned(spend, orders, by_value)) for by_value in (None, ByValue(90, 3)))
        wins += weighed > plain
        today = true_value(truth, spend.mean())
        sys.stdout.write(f"shop {seed}: today {today:,.0f}, plain {plain:,.0f}, by value {weighed:,.0f} EUR a week\n")
    sys.stdout.write(f"The plan by value buys more true value in {wins} of {asked.shops} shops.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""The plan for net present value against the plan for least CAC, on companies whose customers stay unequally long.

Run: python tests/benchmarks/planning_npv.py [--worlds 100] [--first 0] [--churn 0.02 0.3]

Each company has eight channels with Hill curves that are known up to 200 draws, of which one more is the truth, and two
years of cohorts of whose churn only the table is known. Both plans divide today's money, each channel within half and
one and a half of today's spend: one for least blended CAC, one for most net present value by what
``attribution.economics`` makes of the cohorts. Both are judged by the true curves and the true values. Exit code 1 where
the second is not the better one in 95 % of companies, or a plan is not proved.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
import pandas as pd

import optimizer
from attribution.economics import CustomerValues, Terms, customer_values, read_cohorts
from mmm.curves import Hill, ResponseCurves
from mmm.simulate.cohorts import cohort_table, staying_of

CHANNELS, DRAWS, MONTHS = 8, 200, 24
CHURN = (0.02, 0.3)  # of the first month, by channel
TERMS = Terms(horizon=36, discount_rate=0.1)
WANTED = 0.95


def company(
    seed: int, churn: tuple[float, float] = CHURN
) -> tuple[ResponseCurves, ResponseCurves, pd.Series, CustomerValues, pd.Series]:
    """Curves as believed and as they are, today's spend, values as believed and as they are."""
    rng = np.random.default_rng([seed, 31])
    names = [f"channel {number}" for number in range(CHANNELS)]
    now = pd.Series(rng.lognormal(np.log(200_000), 0.7, CHANNELS).round(-2), names)
    cac = rng.lognormal(np.log(90), 0.35, CHANNELS)
    half = now.to_numpy() * rng.uniform(0.5, 1.5, CHANNELS)
    noise = np.exp(rng.normal(0, 0.2, (2, CHANNELS, DRAWS + 1)))
    ceiling = (now.to_numpy() / cac * (1 + half / now.to_numpy()))[:, None] * noise[0]
    half_drawn = half[:, None] * noise[1]
    believed = {name: Hill(ceiling[i, 1:], half_drawn[i, 1:]) for i, name in enumerate(names)}
    true = {name: Hill(ceiling[i, 0], half_drawn[i, 0]) for i, name in enumerate(names)}
    staying = staying_of(names, rng, churn)
    months = pd.date_range("2024-01-01", periods=MONTHS, freq="MS")
    acquired = pd.DataFrame({name: rng.poisson(now[name] / cac[i] / 3, MONTHS) for i, name in enumerate(names)}, months)
    values = customer_values(read_cohorts(cohort_table(acquired, staying, rng)), TERMS, seed=seed)
    worth = pd.Series({one.cause: one.value(TERMS.horizon, TERMS.discount_rate) for one in staying})
    return ResponseCurves(believed), ResponseCurves(true), now, values, worth


def judged(seed: int, churn: tuple[float, float] = CHURN) -> dict[str, float]:
    """True net present value of both plans and of the best one under the truth, and the larger gap.

    Beside them what limits the first: both plans with the true curves, and the first with the true values.
    """
    believed, true, now, values, worth = company(seed, churn)
    limits = [optimizer.Budget(exactly=float(now.sum()))]
    limits += [optimizer.Channel(name).relative(0.5, 1.5) for name in now.index]
    drawn = {name: values.value(name) for name in now.index}
    npv = optimizer.Profit(drawn, called="net present value")
    plans = {
        "cac": optimizer.Plan(minimize=optimizer.BlendedCAC(), subject_to=limits, now=now).solve(believed),
        "npv": optimizer.Plan(maximize=npv, subject_to=limits, now=now).solve(believed),
        "npv, values known": optimizer.Plan(
            maximize=optimizer.Profit(worth.to_dict()), subject_to=limits, now=now
        ).solve(believed),
        "npv, curves known": optimizer.Plan(maximize=npv, subject_to=limits, now=now).solve(true),
        "cac, curves known": optimizer.Plan(minimize=optimizer.BlendedCAC(), subject_to=limits, now=now).solve(true),
        "best": optimizer.Plan(maximize=optimizer.Profit(worth.to_dict()), subject_to=limits, now=now).solve(true),
    }

    def brought(spend: pd.Series) -> float:
        return float(sum(worth[name] * true[name](spend[name]) for name in now.index) - spend.sum())

    result = {name: brought(plan.spend) for name, plan in plans.items()}
    return {
        **result,
        "today": brought(now),
        "gap": max(plan.gap for plan in plans.values()),
        "spread": worth.max() / worth.min(),
    }


def main() -> int:
    """Print the verdict; returns the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--first", type=int, default=0, help="seed of the first company")
    parser.add_argument("--churn", type=float, nargs=2, default=CHURN, help="of the first month, least and most")
    given = parser.parse_args()
    table = pd.DataFrame([judged(given.first + n, tuple(given.churn)) for n in range(given.worlds)])
    better = float((table["npv"] > table["cac"]).mean())
    gained = table[["npv", "cac"]].sub(table["today"], axis=0).div(table["best"] - table["today"], axis=0)
    print(
        f"{len(table)} companies; the most valuable channel's customers are worth {table['spread'].median():.1f} times the least's"
    )
    print(
        f"true net present value: the NPV plan beats the CAC plan in {better:.0%}, by {(table['npv'] - table['cac']).mean():,.0f} on average"
    )
    print(
        f"the same with the values known {(table['npv, values known'] > table['cac']).mean():.0%}, with the curves "
        f"known to both {(table['npv, curves known'] > table['cac, curves known']).mean():.0%}"
    )
    print(
        f"of the best plan's gain over today: NPV plan {gained['npv'].median():.0%}, CAC plan {gained['cac'].median():.0%} (medians)"
    )
    print(f"largest gap to which a plan is proved {table['gap'].max():.2%}")
    return int(better < WANTED or table["gap"].max() > 1.1e-3)


if __name__ == "__main__":
    sys.exit(main())

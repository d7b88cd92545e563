"""The example's plan against the truth of its simulated world, which no analysis has read.

Prints whether the mix model's intervals hold the true contributions, and what three ways to spend the same money
really cost per customer: as today, as planned, and as the last-touch report advises.
"""

import io
import json
from pathlib import Path

import pandas as pd

import attribution
from mmm import Hill, ResponseCurves
from optimizer.planning.run import run_plan
from optimizer.planning.stages.progress import Progress

QUARTER = Path(__file__).parent / "quarter"


def last_touch_plan(lower: pd.Series, upper: pd.Series, total: float, last_touch_cac: pd.Series) -> pd.Series:
    """The same total within the same limits, filled up in the order of last-touch CAC."""
    spend, left = lower.copy(), total - lower.sum()
    for channel in last_touch_cac.reindex(lower.index).sort_values().index:
        spend[channel] += min(upper[channel] - lower[channel], left)
        left = total - spend.sum()
    return spend


def main() -> None:
    truth = json.loads((QUARTER / "truth.json").read_text())
    channels = truth["channels"]
    run, _ = run_plan(QUARTER / "plan.yaml", goal="optimize", progress=Progress(io.StringIO()))

    table = run.posterior.contributions().summary()
    table["truth"] = pd.Series({channel: known["contribution"] for channel, known in channels.items()})
    table["covered"] = table["truth"].between(table["5%"], table["95%"])
    print(table[["truth", "mean", "5%", "95%", "covered"]].round(0).to_string())
    print(f"\n90 % intervals hold the true contribution of {table['covered'].sum()} of {len(table)} channels.\n")

    journeys = attribution.Journeys.from_touchpoints(
        QUARTER / "touchpoints.parquet", conversions=QUARTER / "conversions.parquet", lookback="30D"
    )
    spend = run.posterior.panel.national_spend.tail(52).sum()
    last_touch_cac = attribution.LastTouch()(journeys).cac(spend)

    plan, program = run.plan, run.plan.plan.program(run.plan.curves)
    lower, upper = (pd.Series(side, index=plan.planned.spend.index) for side in (program.lower, program.upper))
    total = float(plan.planned.spend.sum())
    today = plan.now.spend
    ways = {
        "today's spend": today,
        "the plan": plan.planned.spend,
        "last touch's advice, the plan's total": last_touch_plan(lower, upper, total, last_touch_cac),
        "today's mix, the plan's total": today * total / today.sum(),
    }
    parameters = ("saturation", "half_saturation", "slope")
    curves = ResponseCurves(
        {name: Hill(*(known["curve_13_weeks"][key] for key in parameters)) for name, known in channels.items()}
    )
    organic, fixed = sum(truth["organic_customers_next_13_weeks"]), plan.now.fixed_cost
    for name, way in ways.items():
        customers = organic + float(curves.customers(way)[0])
        cac = (fixed + way.sum()) / customers
        print(f"{name:38} spend {way.sum():10,.0f}  true customers {customers:7,.0f}  true blended CAC {cac:7.2f} EUR")


if __name__ == "__main__":
    main()

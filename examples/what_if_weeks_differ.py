"""What if weeks are not alike? The quarter's budget spread over 13 weeks, with carryover and a strong Christmas trade.

Ends in what_if_weeks_differ.png: spend by week and channel.
"""

import io
from pathlib import Path

import numpy as np

import optimizer
from attribution.plots import canvas
from optimizer.planning.run import run_plan
from optimizer.planning.stages.progress import Progress
from optimizer.plots import schedule

QUARTER = Path(__file__).parent / "quarter"


def main() -> None:
    run, _ = run_plan(QUARTER / "plan.yaml", goal="optimize", progress=Progress(io.StringIO()))
    posterior, now = run.posterior, run.plan.now.spend
    season = 1 + 0.35 * np.exp(-0.5 * ((np.arange(13) - 8.5) / 1.5) ** 2)  # late November and December buy more

    draws = np.arange(0, posterior.n_draws, 10)
    carryover = {channel: weights.mean(axis=1) for channel, weights in posterior.carryover().items()}

    flight = optimizer.Flight(
        curves=posterior.curves(weeks=1).take(draws),
        weeks=posterior.panel.after(13),
        carryover=carryover,
        season=season,
        history=dict(posterior.panel.national_spend.items()),
        weekly_most={channel: 2.5 * spend / 13 for channel, spend in now.items()},
    )
    plan = optimizer.Plan(
        maximize=optimizer.Customers(organic=float(np.mean(run.plan.plan.organic))),
        subject_to=[optimizer.Budget(at_most=float(now.sum())), optimizer.Pacing(0.5)],
        now=now,
    )
    flight_plan = flight.solve(plan)
    print(flight_plan.spend.round(-2).to_string())
    print(f"\ncustomers {flight_plan.customers:,.0f}, at most {flight_plan.gap:.2%} from the best schedule")

    schedule(flight_plan.spend, canvas(9.8, 4.6)).figure.savefig("what_if_weeks_differ.png", dpi=130)


if __name__ == "__main__":
    main()

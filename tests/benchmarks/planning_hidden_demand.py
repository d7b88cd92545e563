"""What plans that trust less bring: ``python tests/benchmarks/planning_hidden_demand.py --companies 12``.

Companies whose spend follows demand: three of the simulator's kinds with riders (planning_companies), and channels half
of which follow a demand that no column holds (hostile_worlds). Each is fitted by default, its other readings pooled,
and planned for the money it spends today, most customers, every channel within some share of today's spend:

plan
    What the pooled curves say.
against hidden demand
    ``optimizer.HiddenDemand`` of a strength, all channels in doubt.
cautious
    ``optimizer.Cautious`` over the model and the readings that stand.
where sure
    The plan, where by experience (optimizer/planning/stages/experience.py) it beats today with the default
    ``plan.confidence``; else today's spend, as a run advises.

each free, and with the channels held at today's spend that path log and fit name as riders, as a run holds them. True
gains come from the companies' own curves. *Still* is the share of companies where the plan moves under a thousandth of
today's money, *better* and *worse* those where it moves and truly gains or loses; *captured* is the sum of true gains
over that of the best plans under the true curves. Exit code 1 where the plan where sure, riders held, is worse than
today in over 5 %.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
import pandas as pd
from hostile_worlds import followers_of_demand, sketched, world_of
from mmm_verdicts import verdict
from planning_companies import OWN, WEEKS

import mmm
import optimizer
from attribution import Journeys, intent_riders
from mmm.simulate.channels import hill
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.stages.experience import experience_of
from optimizer.planning.stages.riders import riders_of

RIDING = ("riders", "riders, S-shaped", "few riders")
FOLLOWING = "followers"
WAYS = ("plan", "against hidden demand", "cautious", "where sure")
SURE = PlanSection.model_fields["confidence"].default
HELD = ", riders held"
STILL = 1e-3  # of today's money


def company(kind: str, seed: int) -> tuple[mmm.Panel, tuple[object, ...], mmm.ResponseCurves, pd.Series]:
    """A panel, what the path log says of riders, true curves and today's spend over the horizon."""
    if kind == FOLLOWING:
        rng = np.random.default_rng([seed, 77])
        sketch = followers_of_demand(sketched(rng), rng)
        seen = world_of(followers_of_demand, seed)
        panel = panel_of(seen.table, seen.channels, seen.controls)
        curves = mmm.ResponseCurves({medium.name: medium.curve(hill) for medium in sketch.media}).over(WEEKS)
        return panel, (), curves, panel.national_spend.tail(WEEKS).sum()
    data, truth = mmm.simulate.world(seed, journey_weeks=26, **OWN[kind])
    panel = panel_of(data.weekly, data.channels, data.controls)
    log = Journeys.from_touchpoints(data.journeys.touchpoints, data.journeys.conversions, "30D")
    return panel, tuple(intent_riders(log)), truth.curves(WEEKS), truth.spend_now(WEEKS)


def panel_of(table: pd.DataFrame, channels: tuple[str, ...], controls: tuple[str, ...]) -> mmm.Panel:
    """The weekly table as a panel."""
    return mmm.Panel.from_frame(table, "week", "new_customers", list(channels), controls=list(controls))


def asked(curves: mmm.ResponseCurves, now: pd.Series, within: tuple[float, float], held: list[str]) -> optimizer.Plan:
    """Most customers for today's money."""
    limits = [optimizer.Budget(exactly=float(now.sum()))]
    limits += [optimizer.Channel(name).relative(1 + within[0], 1 + within[1]) for name in curves.channels]
    limits += [optimizer.Channel(name).at_most(float(now[name])) for name in held]
    return optimizer.Plan(maximize=optimizer.Customers(), subject_to=limits, now=now)


def gains(kind: str, seed: int, within: tuple[float, float], strength: float) -> list[dict[str, object]]:
    """Said, worst and true gain of every way, in customers over the horizon."""
    panel, marks, truth, now = company(kind, seed)
    posterior = mmm.fit(panel, seed=seed)
    rivals = mmm.rivals(posterior)
    pooled = rivals.pooled().curves(weeks=WEEKS)
    posteriors = [posterior, *(one.posterior for one in rivals.fitted if one.reading.name in rivals.standing)]
    readings = [one.curves(weeks=WEEKS) for one in posteriors]
    riders = list(riders_of((*marks, *posterior.diagnostics), panel.channels, ()).untested)
    now, rows = now[list(pooled.channels)], []
    best = asked(truth, now, within, []).solve(truth).spend
    attainable = _true(truth, now, best)
    for suffix, held in (("", []), (HELD, riders)):
        plan = asked(pooled, now, within, held)
        guarded = optimizer.HiddenDemand(plan, strength).solve(pooled)
        cautious = optimizer.Cautious({str(place): (plan, curves) for place, curves in enumerate(readings)}).solve()
        sure = guarded.plain if _sure(pooled, guarded.plain, now) else now
        found = (guarded.plain, guarded.spend, cautious.spend, sure)
        worst = (guarded.plain_worst, guarded.worst, cautious.worst, np.nan)
        for way, spend, least in zip(WAYS, found, worst, strict=True):
            said = float(np.mean(pooled.customers(spend) - pooled.customers(now)))
            row = {"kind": kind, "company": seed, "way": way + suffix, "said": said, "worst": least}
            moved = float((spend - now).abs().sum()) > STILL * float(now.sum())
            true = _true(truth, now, spend)
            row |= {"true": true, "better": moved and true > 0, "still": not moved, "worse": moved and true <= 0}
            rows.append(row | {"attainable": attainable})
    return rows


def _sure(curves: mmm.ResponseCurves, spend: pd.Series, now: pd.Series) -> bool:
    """Whether a run would advise the move."""
    draws, known = np.asarray(curves.customers(spend) - curves.customers(now)), experience_of("customers")
    return known is not None and known.corrected(draws.mean(), draws, False).probability_better >= SURE


def _true(truth: mmm.ResponseCurves, now: pd.Series, spend: pd.Series) -> float:
    return float(truth.customers(spend)[0] - truth.customers(now)[0])


def table_of(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Means over companies, and the share of what is attainable."""
    groups = rows.groupby(by, sort=False)
    table = groups[["said", "worst", "true", "better", "still", "worse"]].mean()
    table["captured"] = groups["true"].sum() / groups["attainable"].sum()
    return table


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--companies", type=int, default=12, help="in all, the kinds in turn")
    parser.add_argument("--first", type=int, default=300)
    parser.add_argument("--strength", type=float, default=0.5)
    parser.add_argument("--within", type=float, nargs=2, default=(-0.5, 0.5), help="of today's spend, such as -0.5 0.5")
    given = parser.parse_args()
    kinds, rows = (*RIDING, FOLLOWING), []
    for number in range(given.companies):
        kind, seed = kinds[number % len(kinds)], given.first + number // len(kinds)
        rows += gains(kind, seed, tuple(given.within), given.strength)
        shown = pd.DataFrame(rows[-2 * len(WAYS) :]).drop(columns=["better", "still", "worse"])
        print(shown.to_string(index=False, header=number == 0, float_format="%.0f"), flush=True)
    frame = pd.DataFrame(rows)
    print(f"\n{table_of(frame, ['kind', 'way']).to_string(float_format='%.2f')}\n")
    table = table_of(frame, ["way"])
    print(f"{table.to_string(float_format='%.2f')}\n")
    share = float(table.loc[WAYS[3] + HELD, "worse"])
    return verdict({f"where sure, riders held, worse than today in {share:.2f}, at most .05": share <= 0.05})


if __name__ == "__main__":
    sys.exit(main())

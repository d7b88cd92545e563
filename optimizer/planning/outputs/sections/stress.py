"""The stress library: what a quarter may bring, the plan made again for each, and its cost against the plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attribution.errors import bounded
from attribution.estimates import Estimate
from attribution.numbers import amount, cost, count
from optimizer.planning.language.wording import in_words_of_the_file
from optimizer.planning.outputs.against_today import signed
from optimizer.planning.outputs.sections.section import Section, Table
from optimizer.planning.stages.order import order_of
from optimizer.planning.stages.result import Run
from optimizer.scenarios.stress import StressAnswer, Stressed

__all__ = ["STRESS", "why"]

_SHOWN_MOVES, _WORTH = 3, 5e-3  # of all spend
_LONGEST = 2_000


def why(answer: StressAnswer) -> str:
    """Why not all promises are kept, in words of the plan file."""
    return in_words_of_the_file(bounded(answer.problem, _LONGEST))


def _view(run: Run) -> dict[str, Any] | None:
    if run.stress is None:
        return None
    return {
        "stress": {
            "sentence": _sentence(run.stress, run.config.outcome),
            "rows": [_row(answer, run.stress) for answer in run.stress.answers],
            "broken": [f"{answer.name}: {why(answer)}" for answer in run.stress.answers if not answer.kept],
        }
    }


def _sentence(stressed: Stressed, outcome: str) -> str:
    known = [answer for answer in stressed.answers if answer.outcome is not None]
    if not known:
        return "None of the shocks leaves a plan."
    worst = min(known, key=lambda answer: answer.customers_change(stressed.plan).point)
    kept = sum(answer.kept for answer in stressed.answers)
    lost = worst.customers_change(stressed.plan)
    return (
        f"{kept} of {len(stressed.answers)} shocks leave a plan that keeps every promise and limit. The largest loss "
        f"is under {worst.name}: {outcome} {lost.written(signed(count))} against the plan, after planning again."
    )


def _row(answer: StressAnswer, stressed: Stressed) -> dict[str, Any]:
    outcome = answer.outcome
    if outcome is None:
        return {"name": answer.name, "problem": True}
    moved = (outcome.spend - stressed.plan.spend).sort_values(key=abs, ascending=False)
    moves = [
        f"{channel} {signed(amount)(change)}"
        for channel, change in moved.head(_SHOWN_MOVES).items()
        if abs(change) > _WORTH * float(stressed.plan.spend.sum())
    ]
    outlay = outcome.fixed_cost + float(outcome.spend.sum())
    return {
        "name": answer.name,
        "problem": False,
        "kept": "yes" if answer.kept else "no, the best that can be had",
        "spend": float(outcome.spend.sum()),
        "customers": Estimate.of(outcome.customers),
        "customers_change": answer.customers_change(stressed.plan),
        "cac": Estimate.blended(outlay, outcome.customers),
        "cac_change": answer.cac_change(stressed.plan),
        "count_signed": signed(count),
        "cost_signed": signed(cost),
        "moves": ", ".join(moves) or "none to speak of",
    }


def _tables(run: Run) -> Iterator[Table]:
    if run.stress is None:
        return
    frame = run.stress.to_frame()
    frame["problem"] = [in_words_of_the_file(str(problem)) for problem in frame["problem"]]
    spend = order_of(run).columns(run.stress.spend_frame(), "").add_prefix("spend_").reset_index()
    yield Table("stress.csv", frame.merge(spend, on="scenario", how="left"))


STRESS = Section("stress", "Stress", _view, tables=_tables)

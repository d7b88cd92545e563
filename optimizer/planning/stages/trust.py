"""The stage of trust: beside the plan, one that holds under every reading, and one that holds against hidden demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
import pandas as pd

from attribution.errors import BadInput, InfeasiblePlan
from attribution.findings import Finding
from mmm import Posterior
from mmm.checks.rivals import OWN
from optimizer.planning.file.keys.plan import PLAN_ITSELF, PlanSection
from optimizer.planning.inputs.inputs import Inputs
from optimizer.planning.stages.optimize import Asked, asked
from optimizer.planning.stages.question import against_hidden_demand, doubt_in_words
from optimizer.planning.stages.result import PlanResult, Run
from optimizer.planning.stages.rivals import thinned
from optimizer.planning.stages.trusted import ALONE, AS_CREDITED, CAUTIOUS, EXPECTED, GUARDED, Proof, Trust, TrustedPlan
from optimizer.question.limits import labels
from optimizer.uncertainty.cautious import Cautious
from optimizer.uncertainty.guarded import Guarded
from optimizer.uncertainty.hidden_demand import WORST as HIDDEN

__all__ = ["lowered", "not_told", "trust", "written"]

_LARGE = 0.01  # of all spend: moves worth a name
_PART = 0.25  # of the plan's move: less than this is no such move


def trust(run: Run, plan: PlanResult, section: PlanSection) -> Trust | None:
    """The plan beside a cautious one and one against hidden demand; None where the run has neither.

    A cautious plan needs a reading that stands beside the model. Hidden demand is asked for by
    ``plan.hidden_demand``; where it names no channels, those are in doubt that no lift test has measured. Where
    ``plan.robust`` makes the plan itself the one against hidden demand, the plan for the credit as it is stands beside.
    Where ``plan.risk`` makes it for the worst cases it stands alone.
    """
    if plan.plan.fees:  # cases are counted against today without steps of fees
        return None
    readings = _readings(run, plan)
    sides = _Sides(plan, section, run.inputs, readings)
    if sides.cautious is None and sides.against is None:
        return None
    own = sides.of(PLAN_ITSELF, plan.allocation.spend, sides.own_proof(section))
    if section.risk is not None:  # plans beside it would keep promises on average alone
        return Trust((own,), tuple(_of_worst_cases(run, plan, own, list(readings))))
    others = []
    if sides.cautious is not None:
        others.append(sides.solved(CAUTIOUS, partial(sides.cautious.solve, section.gap, tried=[own.spend]), own))
    if sides.against is not None and section.robust:
        others.append(sides.of(AS_CREDITED, plan.plan.solve(plan.curves, section.gap).spend))
    elif sides.against is not None:
        others.append(sides.solved(GUARDED, partial(sides.against.solve, plan.curves, section.gap), own))
    findings = tuple(_finding(run, plan, own, other, list(readings)) for other in others)
    return Trust((own, *others), findings)


def not_told(run: Run) -> tuple[Finding, ...]:
    """Where other cases are known and fees keep the plan from being held against them, the sentence that says so."""
    if run.plan is None or not run.plan.plan.fees or not _asks(run):
        return ()
    text = (
        "How the plan does under other readings and against hidden demand is not worked out beside fees in steps. "
        "State the fees in plan.fixed_cost to see it."
    )
    return (Finding("holds_under_readings", False, None, None, text),)


def _asks(run: Run) -> bool:
    section = run.config.plan
    standing = 0 if run.rivals is None else len(run.rivals.standing)
    return standing > 0 or (section is not None and section.doubt is not None)


class _Sides:
    """All cases in which plans are held against today."""

    def __init__(self, plan: PlanResult, section: PlanSection, inputs: Inputs, readings: dict[str, Asked]) -> None:
        self.plan, self.readings = plan, readings
        pooled = Asked(plan.plan, plan.curves, plan.organic, plan.now.spend, _promise(section, plan), section.gap)
        self.asked = {EXPECTED: pooled, **readings}
        self.all = Cautious({name: (one.plan, one.curves) for name, one in self.asked.items()})
        standing = {name: (one.plan, one.curves) for name, one in readings.items()}
        self.cautious = Cautious(standing) if len(readings) > 1 else None
        keys = section.doubt
        self.against = None if keys is None else against_hidden_demand(keys, plan.plan, plan.doubted)

    def of(self, name: str, spend: pd.Series, proof: Proof | None = None) -> TrustedPlan:
        """A spend in every case."""
        improvement = self.all.improvement(spend)
        won = pd.Series({case: _customers(one, spend) for case, one in self.asked.items()})
        promised = pd.Series({case: one.promise for case, one in self.asked.items()})
        if self.against is not None:
            improvement[HIDDEN] = self.against.improvement(self.plan.curves, spend)[HIDDEN]
            won[HIDDEN] = self.against.customers(self.plan.curves, spend)[HIDDEN]
            promised[HIDDEN] = promised[EXPECTED]
        lacking = promised - won
        return TrustedPlan(name, spend, improvement, lacking.where(lacking > 1e-6 * promised, 0.0), proof)

    def own_proof(self, section: PlanSection) -> Proof | None:
        """What the run's own plan proves against hidden demand, as an improvement on today; None where it does not."""
        if self.against is None or not section.robust:
            return None
        found, today = self.plan.allocation, self.plan.aim.expected(self.plan.now)
        sign = -1.0 if self.plan.aim.lower_is_better else 1.0
        return Proof(sign * (found.value - today), sign * (found.bound - today), found.gap)

    def solved(self, name: str, solve: Callable[[], Guarded], own: TrustedPlan) -> TrustedPlan:
        """A plan beside the run's own, or why there is none."""
        try:
            guarded = solve()
        except (BadInput, InfeasiblePlan) as error:
            nothing = (own.spend * np.nan, own.improvement * np.nan, own.short * np.nan)
            return TrustedPlan(name, *nothing, problem=str(error))
        return self.of(name, guarded.spend, Proof(guarded.worst, guarded.bound, guarded.gap))


def _customers(one: Asked, spend: pd.Series) -> float:
    return float(np.mean(one.plan.organic)) + float(np.mean(one.curves.customers(spend)))


def _promise(section: PlanSection, plan: PlanResult) -> float:
    return 0.0 if section.customers is None else section.customers.at_least.of(plan.now.expected_customers)


def _readings(run: Run, plan: PlanResult) -> dict[str, Asked]:
    """The run's question on the model's own draws and on those of every rival that stands."""
    if run.rivals is None or run.posterior is None:
        return {}
    standing = set(run.rivals.standing)
    fitted: Mapping[str, Posterior] = {
        OWN: run.posterior,
        **{r.reading.name: r.posterior for r in run.rivals.fitted if r.reading.name in standing},
    }
    limits, questions = (*plan.held, *plan.tried), {}
    for name, posterior in fitted.items():
        questions[name] = asked(run.config, run.inputs, posterior, thinned(posterior)).holding(limits)
    return questions


def _finding(run: Run, plan: PlanResult, own: TrustedPlan, other: TrustedPlan, readings: list[str]) -> Finding:
    """Whether the plan is better than today in the worst case that the other plan guards against."""
    name, worst, where = _at_worst(run, own, readings if other.name == CAUTIOUS else [])
    by, aim = written(run, plan, worst), plan.aim
    if _is_better(plan, worst):
        text = f"At worst the plan is better than today's spend on {aim.name} by {by}: {where}."
        return Finding(name, True, worst, 0.0, text)
    if other.name == AS_CREDITED:  # today's spend breaks a promise, which no plan that keeps it has to beat
        text = f"Today's spend does better than the plan on {aim.name} by {by} {where}; it breaks what the plan keeps."
        return Finding(name, False, worst, 0.0, text)
    if broken := plan.plan.missed(plan.curves, plan.now.spend):
        text = (
            f"Today's spend is no alternative, for it breaks what the plan keeps ({labels([broken[0].limit])[0]}); on "
            f"{aim.name} it does better than the plan by {by} {where}."
        )
        return Finding(name, True, worst, 0.0, text)
    text = f"The plan is worse than today's spend on {aim.name} by {by} {where}."
    moved = _not_shared(plan, other)
    if other.proof is None:
        return Finding(name, False, worst, 0.0, f"{text} No plan holds in every such case: {other.problem}", moved)
    least, price = other.proof.worst, float(own.improvement.iloc[0] - other.improvement.iloc[0])
    side = "better" if least >= 0 else "worse"
    if price >= 0:
        text += (
            f" The {lowered(other.name)} is {side} than today by {written(run, plan, least)} at worst, and gives up "
            f"{written(run, plan, price)} of what is expected."
        )
    else:
        text += f" The {lowered(other.name)} is {side} than today by {written(run, plan, least)} at worst."
    if moved:
        text += f" It does not share the plan's move of {', '.join(moved)}: test before that money moves."
    return Finding(name, False, worst, 0.0, text, moved)


def _at_worst(run: Run, own: TrustedPlan, readings: list[str]) -> tuple[str, float, str]:
    """What is asked, the plan's improvement where it is least, and where that is: of readings, else hidden demand."""
    cases = own.improvement[readings or [HIDDEN]]
    where = f"under {cases.idxmin()}, which the weeks do not refute" if readings else _doubt(run)
    return "holds_under_readings" if readings else "holds_against_hidden_demand", float(cases.min()), where


def _is_better(plan: PlanResult, improvement: float) -> bool:
    return improvement >= -1e-6 * abs(plan.aim.expected(plan.now))


def _of_worst_cases(run: Run, plan: PlanResult, own: TrustedPlan, readings: list[str]) -> Iterator[Finding]:
    """Whether a plan for the worst draws is better than today on average, under each reading and hidden demand."""
    sets = ([readings] if len(readings) > 1 else []) + ([[]] if HIDDEN in own.improvement else [])
    for name, worst, where in (_at_worst(run, own, one) for one in sets):
        by, aim = written(run, plan, worst), plan.aim.name
        if _is_better(plan, worst):
            text = f"At worst the plan is better than today's spend on {aim} by {by}: {where}."
        else:
            text = f"The plan is worse than today's spend on {aim} by {by} {where}. {ALONE}"
        yield Finding(name, _is_better(plan, worst), worst, 0.0, text)


def lowered(name: str) -> str:
    """A plan's name inside a sentence."""
    return name[:1].lower() + name[1:]


def written(run: Run, plan: PlanResult, value: float) -> str:
    """The size of an improvement as sentences have it, with its unit."""
    return f"{plan.aim.written(abs(value))}{plan.aim.unit(run.config.currency) or f' {run.config.outcome}'}"


def _doubt(run: Run) -> str:
    keys = run.config.plan.doubt if run.config.plan else None
    return "" if keys is None else f"if {doubt_in_words(keys)}"


def _not_shared(plan: PlanResult, other: TrustedPlan) -> tuple[str, ...]:
    """Channels of some size that the plan moves and the other plan does not, or the other way."""
    scale = float(plan.now.spend.sum())
    moves = (plan.allocation.spend - plan.now.spend)[plan.allocation.spend.index]
    others = (other.spend - plan.now.spend)[plan.allocation.spend.index]
    return tuple(
        str(channel)
        for channel, move, other_ in zip(moves.index, moves, others, strict=True)
        if abs(move) > _LARGE * scale and not other_ * np.sign(move) >= _PART * abs(move)
    )

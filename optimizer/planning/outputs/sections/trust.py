"""How far the plan can be trusted: it, a cautious plan and one against hidden demand, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from attribution.numbers import amount, count, gap
from optimizer.planning.outputs.against_today import form_of, signed
from optimizer.planning.outputs.doubts import assumed
from optimizer.planning.outputs.sections.section import Section, Table
from optimizer.planning.stages.order import order_of
from optimizer.planning.stages.question import doubt_in_words
from optimizer.planning.stages.result import PlanResult, Run
from optimizer.planning.stages.trust import lowered, written
from optimizer.planning.stages.trusted import ALONE, AS_CREDITED, CAUTIOUS, EXPECTED, Trust, TrustedPlan
from optimizer.uncertainty.hidden_demand import WORST as HIDDEN

__all__ = ["TRUST", "trust_lines"]

_THE_SAME = 1e-9  # spend by channel in which two plans are one


def trust_lines(run: Run) -> Iterator[str]:
    """What each plan beside the run's own gains at worst, its proof, and what it gives up."""
    if run.trust is None or run.plan is None:
        return
    if len(run.trust.plans) == 1:
        yield f"{ALONE} Improvements by reading are averages over its draws."
    for other in run.trust.plans[1:]:
        yield _sentence(run, run.plan, run.trust, other)


def _sentence(run: Run, plan: PlanResult, trust: Trust, other: TrustedPlan) -> str:
    if other.name == AS_CREDITED:
        return _as_credited(run, plan, trust.plans[0], other)
    if other.proof is None:
        return f"There is no {lowered(other.name)}: {other.problem}"
    case = "every reading that stands" if other.name == CAUTIOUS else "every hidden demand up to what the file states"
    own = trust.plans[0].improvement
    guarded = [name for name in own.index if name not in (EXPECTED, HIDDEN)] if other.name == CAUTIOUS else [HIDDEN]
    figures = (other.proof.worst, other.proof.bound, float(own[guarded].min()))
    least, bound, ours = (f"{written(run, plan, value)} {'better' if value >= 0 else 'worse'}" for value in figures)
    if np.allclose(other.spend, trust.plans[0].spend, rtol=_THE_SAME, atol=0):
        return (
            f"{other.name}: the plan itself. Under {case} it is {least} than today at worst, and no plan is more than "
            f"{bound} there (distance {gap(other.proof.gap)})."
        )
    short = float(trust.plans[0].short[guarded].max())
    missed = f", {count(short)} {run.config.outcome} short of the promise" if short > 0 else ""
    price = float(own[EXPECTED] - other.improvement[EXPECTED])
    size = written(run, plan, price)
    costs = f"The price of caution is {size} of what is expected." if price >= 0 else f"It expects {size} more."
    return (
        f"{other.name}: under {case} it is {least} than today at worst, and no plan is more than {bound} there "
        f"(distance {gap(other.proof.gap)}). The plan itself is {ours}{missed}. {costs}"
    )


def _as_credited(run: Run, plan: PlanResult, own: TrustedPlan, other: TrustedPlan) -> str:
    """What the plan against hidden demand, which is the run's own, gives up and what it saves."""
    price = written(run, plan, float(other.improvement[EXPECTED] - own.improvement[EXPECTED]))
    least, theirs = (float(one.improvement[HIDDEN]) for one in (own, other))
    told = [f"{written(run, plan, value)} {'better' if value >= 0 else 'worse'}" for value in (least, theirs)]
    short = float(other.short[HIDDEN])
    missed = f", and {count(short)} {run.config.outcome} short of the promise" if short > 0 else ""
    doubt = run.config.plan.doubt if run.config.plan else None
    return (
        f"The plan itself is the one against hidden demand (plan.robust): where "
        f"{doubt_in_words(doubt) if doubt else ''}, it is {told[0]} than today at worst. The plan for the credit as it "
        f"is would be {told[1]} than today there{missed}; it expects {price} more."
    )


def _view(run: Run) -> dict[str, Any] | None:
    trust, plan = run.trust, run.plan
    if trust is None or plan is None:
        return None
    form = signed(form_of(plan.aim.name))
    first, says = trust.plans[0], assumed(run)
    return {
        "trust": {
            "sentences": list(trust_lines(run)),
            "plans": [other.name for other in trust.plans],
            "channels": [
                {
                    "channel": channel,
                    "now": amount(float(plan.now.spend[channel])),
                    "spend": [amount(float(other.spend[channel])) for other in trust.plans],
                }
                for channel in first.spend.index
            ],
            "unit": plan.aim.unit(run.config.currency).strip() or run.config.outcome,
            "aim": plan.aim.name,
            "cases": [
                {
                    "case": says.get(str(case), case),
                    "improvement": [form(float(other.improvement[case])) for other in trust.plans],
                }
                for case in first.improvement.index
            ],
            "promised": any(bool((other.short > 0).any()) for other in trust.plans),
            "short": [signed(count)(float(other.short.max())) for other in trust.plans],
            "alone": len(trust.plans) == 1,
            "robust": any(other.name == AS_CREDITED for other in trust.plans),
            "hides": HIDDEN in first.improvement.index,
        }
    }


def _tables(run: Run) -> Iterator[Table]:
    if run.trust is not None:
        yield Table("trust.csv", order_of(run).columns(run.trust.to_frame(), "spend:"))


TRUST = Section("trust", "How far it can be trusted", _view, tables=_tables)

"""Whether a new plan is worth leaving the last one for: what it gains as believed now, and what switching costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from attribution.shown import shown
from mmm.arrays import Array
from mmm.curves import ResponseCurve, ResponseCurves
from optimizer.answer.allocation import Allocation, Certificate, Status
from optimizer.answer.evaluation import Evaluation
from optimizer.answer.misses import Miss
from optimizer.cycle.monte_carlo import half_width, means_without
from optimizer.cycle.refresh import churn
from optimizer.plan import Plan
from optimizer.question.limits import Limit
from optimizer.question.objectives import Customers, Spend
from optimizer.question.wording import Wording
from optimizer.uncertainty.question import Question, plan_of

__all__ = ["Switch", "SwitchingCost", "is_moved", "switch"]

_STILL = 5e-4  # of a channel's spend: less than that is no move
_NEAR = 5e-3  # of a limit's figure: a forecast is no better known
_HALVINGS = 24


@dataclass(frozen=True)
class SwitchingCost:
    """What it costs to leave a plan.

    Parameters
    ----------
    moved
        Currency per unit of currency moved: of what channels gain together and what they lose, the larger.
    channel
        Currency for each channel whose spend changes.

    Raises
    ------
    BadInput
        Where one is negative or not finite.
    """

    moved: float = 0.0
    channel: float = 0.0

    def __post_init__(self) -> None:
        wrong = [name for name in ("moved", "channel") if not 0 <= getattr(self, name) < np.inf]
        if wrong:
            text = f"{' and '.join(wrong)} must be finite and not negative."
            raise BadInput(Problem("SwitchingCost", text, remedy="state what a switch costs, 0 for nothing."))

    def of(self, before: pd.Series, after: pd.Series) -> float:
        """Currency that it costs to go from one spend to another."""
        return self.moved * _money(before, after) + self.channel * len(_touched(before, after))


@shown
@dataclass(frozen=True, eq=False)
class Switch:
    """The new plan held against keeping the last one, both under the new belief.

    Figures of the aim count upwards: a gain is better, whether less or more of the figure is wanted.

    Parameters
    ----------
    last, new
        Both plans, currency by channel.
    kept
        What keeping the last plan means: the plan itself, or where it misses a limit by more than half a percent of the
        limit's figure, the nearest spend that keeps all of them on the straight way to the new plan, from the last plan
        or its mix at the new plan's money.
    broken
        What the last plan as it was does not keep, near misses included.
    certificate
        Of what is kept: its figure, and the figure that no allowed plan can beat.
    churn, moved, touched
        Share of the money that sits elsewhere, money that moves, and channels whose spend changes, from last to new.
    cost, cost_in_aim
        What switching costs beyond what keeping does, in currency and in the figure of the aim.
    gain, most
        What the new plan gains over what is kept, and what any allowed plan can, before the cost.
    error
        Half of the 90 % interval of the Monte Carlo error of the gain, on the average of all cases.
    within
        How near to the best the new plan is proved: plans nearer to each other than that count as equally good. Nothing
        where the proof is wider than asked.
    probability
        That the new plan is better, its cost counted, in the draws of the new belief; NaN where they are one plan.
    wording
        How the aim is called.
    """

    last: pd.Series
    new: pd.Series
    kept: pd.Series
    broken: tuple[Miss, ...]
    certificate: Certificate
    churn: float
    moved: float
    touched: tuple[str, ...]
    cost: float
    cost_in_aim: float
    gain: float
    most: float
    error: float
    within: float
    probability: float
    wording: Wording = field(repr=False)

    @property
    def is_new(self) -> bool:
        """Whether the new plan is another than the last one."""
        return bool(self.touched)

    @property
    def is_whole(self) -> bool:
        """Whether the last plan can be kept as it was, but for near misses."""
        return not _touched(self.last, self.kept)

    @property
    def is_gone(self) -> bool:
        """Whether nothing of it can be kept: what is allowed next to it is the new plan."""
        return not self.is_whole and not _touched(self.kept, self.new)

    @property
    def advised(self) -> bool:
        """Whether to switch: the gain exceeds cost and noise, or nothing of the last plan may be kept."""
        return self.is_new and (self.is_gone or self.gain > self.cost_in_aim + self.noise)

    @property
    def noise(self) -> float:
        """What a gain has to exceed beside the cost: Monte Carlo error, or the distance of the proof where larger."""
        return max(float(np.nan_to_num(self.error)), self.within)

    @property
    def is_settled(self) -> bool:
        """Whether keeping is proved right: no plan that keeps what is asked gains more than switching costs."""
        return self.most <= self.cost_in_aim


def switch(
    question: Question,
    curves: Mapping[str, ResponseCurve],
    best: Allocation,
    last: Mapping[str, float] | pd.Series,
    cost: SwitchingCost | None = None,
) -> Switch:
    """Hold a new plan against keeping the last one.

    Parameters
    ----------
    question
        What is asked now.
    curves
        What is believed now, over the horizon.
    best
        Of ``question.solve(curves)``.
    last
        The last plan over the same horizon; a channel without a curve gets nothing now.
    cost
        Of switching; nothing where None. Its money counts as outlay of the new plan: in the blended CAC and in profit
        as fixed cost, in spend as spend; customers are those that it would have bought at the plan's cheapest
        marginal CAC.

    Raises
    ------
    BadInput
        Where the last plan holds an amount that is negative or not finite.
    """
    known = curves if isinstance(curves, ResponseCurves) else ResponseCurves(curves)
    cost = SwitchingCost() if cost is None else cost
    before = pd.Series({str(name): float(amount) for name, amount in last.items()}, dtype=float)
    before = before.reindex(list(known.channels), fill_value=0.0)
    plan, new = plan_of(question), best.spend.astype(float)
    broken = question.missed(known, before)
    kept = before if all(_is_near(miss) for miss in broken) else _nearest(question, known, before, new)
    certificate = question.against(best, known, kept)
    sign = 1.0 if plan.objective.wants == "maximize" else -1.0
    extra = max(cost.of(before, new) - cost.of(before, kept), 0.0)
    outlook, kept_outlook = plan.evaluate(known, new), plan.evaluate(known, kept)
    there, here = _figures(plan, best, outlook, extra), _figures(plan, best, kept_outlook, 0.0)
    paid, free = (_figures(plan, best, _expected(outlook), money) for money in (extra, 0.0))
    better = sign * there > sign * here
    return Switch(
        last=before,
        new=new,
        kept=kept,
        broken=broken,
        certificate=certificate,
        churn=churn(before, new),
        moved=_money(before, new),
        touched=_touched(before, new),
        cost=extra,
        cost_in_aim=max(sign * float(free[0] - paid[0]), 0.0),
        gain=sign * (best.value - certificate.value),
        most=sign * (best.bound - certificate.value),
        error=_error(plan, best, outlook, kept_outlook),
        within=abs(best.bound - best.value) if best.status is Status.CERTIFIED else 0.0,
        probability=float(np.mean(better + 0.5 * (there == here))) if _touched(kept, new) else np.nan,
        wording=plan.objective.wording(),
    )


def is_moved(before: float, after: float) -> bool:
    """Whether a channel's spend changes by more than half a thousandth."""
    return abs(after - before) > _STILL * max(before, after)


def _is_near(miss: Miss) -> bool:
    return isinstance(miss.limit, Limit) and miss.by <= _NEAR * abs(miss.limit.figure)


def _touched(before: pd.Series, after: pd.Series) -> tuple[str, ...]:
    return tuple(str(name) for name in after.index if is_moved(float(before[name]), float(after[name])))


def _money(before: pd.Series, after: pd.Series) -> float:
    """Money that moves: of what channels gain together and what they lose, the larger."""
    change = after - before.reindex(after.index)
    return float(max(change.clip(lower=0).sum(), -change.clip(upper=0).sum()))


def _nearest(question: Question, curves: ResponseCurves, last: pd.Series, new: pd.Series) -> pd.Series:
    """The first allowed spend on the way to the new plan, from the last one or from its mix at the new plan's money."""
    starts = [last]
    if last.sum() > 0:
        starts.append(last * (new.sum() / last.sum()))
    ends = [_first_allowed(question, curves, start, new) for start in starts]
    return min(ends, key=lambda end: _money(last, end))


def _first_allowed(question: Question, curves: ResponseCurves, start: pd.Series, new: pd.Series) -> pd.Series:
    """Halves the way: what comes out is allowed, and the first such point wherever allowed spend has no holes."""
    low, high = 0.0, 1.0
    if not question.missed(curves, start):
        return start
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if question.missed(curves, start + middle * (new - start)) else (low, middle)
    return start + high * (new - start)


def _expected(outcome: Evaluation) -> Evaluation:
    """The outcome at expected customers, as one draw."""
    return replace(outcome, paid=outcome.paid.mean().to_frame().T, organic=np.array([outcome.organic.mean()]))


def _figures(plan: Plan, best: Allocation, outcome: Evaluation, extra: float) -> Array:
    """Draws of the aim's figure where so much is paid beside the spend, shape (draws,)."""
    outcome = replace(outcome, fixed_cost=outcome.fixed_cost + extra)
    goal = plan.objective.goal(replace(plan.setting(best.curves), business=outcome.business))
    figures = np.broadcast_to(goal.figures(outcome.spend.to_numpy(), outcome.paid.to_numpy()), outcome.organic.shape)
    if isinstance(plan.objective, Spend):
        return np.asarray(figures + extra)
    if isinstance(plan.objective, Customers) and extra:
        return np.asarray(figures - extra / float(best.marginal_cac[best.spend > 0].min()))
    return np.asarray(figures)


def _error(plan: Plan, best: Allocation, *outcomes: Evaluation) -> float:
    """Monte Carlo error of the difference between two spends in the aim's figure, from the same draws of both."""
    scores = []
    for outcome in outcomes:
        paid, organic = means_without(outcome.paid.to_numpy()), means_without(outcome.organic)
        parts = [
            replace(outcome, paid=pd.DataFrame([won], columns=outcome.paid.columns), organic=np.array([base]))
            for won, base in zip(paid, organic, strict=True)
        ]
        scores.append(np.array([_figures(plan, best, part, 0.0)[0] for part in parts]))
    return float(half_width(scores[0] - scores[1]))

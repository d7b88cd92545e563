"""Value of information: which channel's lift test would win most customers in the coming plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem
from mmm.arrays import Array
from mmm.curves import ResponseCurves
from optimizer.plan import Plan
from optimizer.question.goal import Goal
from optimizer.solvers.branch import branch_and_bound
from optimizer.solvers.ceilings import with_ceilings
from optimizer.solvers.flat_curves import FlatCurves, Looks

__all__ = ["LiftTest", "most_telling", "perfect_information", "sizes_of_test", "value_of_tests"]

_GAP = 1e-6  # values of information are small differences of large numbers
_EXACT = 1e-6  # standard error of a test that says all, against what is known before
_FEW = 10  # draws, below which nothing may be left of errors that are made apart
_RARE = 1e-6  # outcomes less likely are left out


@dataclass(frozen=True)
class LiftTest:
    """A test that spends less or more on a channel for a while and measures the customers that makes.

    Parameters
    ----------
    change
        Share by which the channel's spend differs during the test: -1 switches it off, 0.5 adds half.
    share
        Share of the horizon's market in which it runs: weeks tested over weeks planned, times the tested geos' part.
    standard_error
        Of the measured difference, in customers over the test.
    """

    change: float = -1.0
    share: float = 0.25
    standard_error: float = 100.0

    def __post_init__(self) -> None:
        changes = -1 <= self.change < np.inf and self.change != 0
        if not (changes and 0 < self.share <= 1 and 0 < self.standard_error < np.inf):
            text = f"has change {self.change}, share {self.share} and standard error {self.standard_error}."
            remedy = "take change from -1 and not 0, share above 0 and up to 1, a positive standard error."
            raise BadInput(Problem("LiftTest", text, remedy=remedy))

    def effect(self, curves: ResponseCurves, channel: str, spend: float) -> Array:
        """Draws of the customers that the test measures, at the channel's usual spend over the horizon."""
        curve = curves[channel]
        return np.asarray(np.abs(curve(spend * (1 + self.change)) - curve(spend)) * self.share)


def most_telling(
    curves: ResponseCurves, tests: Mapping[str, LiftTest], spend: Mapping[str, float] | pd.Series, most: int
) -> tuple[str, ...]:
    """Channels whose tests would move most what is believed, in the order of the tests: where many stand to be weighed.

    By the standard deviation of what would be expected of the effect after the test, which costs no plan to know; a
    test that moves little changes no plan.
    """

    def moves(channel: str) -> float:
        known = float(tests[channel].effect(curves, channel, float(spend[channel])).std())
        return known**2 / float(np.hypot(known, tests[channel].standard_error))

    chosen = set(sorted(tests, key=moves, reverse=True)[:most])
    return tuple(channel for channel in tests if channel in chosen)


def value_of_tests(
    plan: Plan,
    curves: ResponseCurves,
    tests: Mapping[str, LiftTest] | LiftTest,
    spend: Mapping[str, float] | pd.Series | None = None,
    outcomes: int = 12,
    keep: Mapping[str, float] | pd.Series | None = None,
    least: float = -np.inf,
) -> pd.DataFrame:
    """What each test is worth before it is run, in the plan's own figure.

    Preposterior analysis on the draws (Raiffa and Schlaifer, 1961): every outcome a test may have reweights the
    draws, the plan is solved again under the new weights, and the gain over keeping today's best plan is averaged over
    outcomes, at the nodes of Gauss and Hermite. A precise test would single out a few draws, and with them what all
    other channels happen to do there; so weights are never narrower than Silverman's (1986) bandwidth, and the tested
    channel's curve is scaled to what the test says of its effect.

    Parameters
    ----------
    plan
        A plan whose limits concern spend; promises of customers and CAC ceilings are refused, since what they allow
        would change with what is learnt.
    curves
        Response curves with draws.
    tests
        One test for all channels, or a test by channel.
    spend
        Usual spend per channel over the horizon, at which tests run; the plan's ``now`` by default.
    outcomes
        Number of outcomes per test.
    keep
        What would be spent without the test, where that is not the plan's own best before it: a test that opens limits
        is held against the best plan within those that it opens.
    least
        Standard errors that an outcome has to exceed for what is kept to change; without it every outcome counts.

    Returns
    -------
    One row per test, most valuable first: channel, value (in the objective's figure, positive where learning helps),
    of_perfect (its share of the value of knowing that channel's effect exactly), effect and effect_sd (what the test
    measures), standard_error, and ``informative``: the standard error over the prior's spread, below 1 where the
    test says more than is known.

    Raises
    ------
    BadInput
        Where curves have no draws, no usual spend is known, or the plan makes promises of customers.
    """
    solve = _Solver(plan, curves, keep)
    usual = curves.amounts(spend if spend is not None else plan.now or {})
    if not usual.any():
        remedy = "give spend=..., or Plan(now=...)."
        raise BadInput(Problem("value_of_tests", "knows no usual spend at which tests would run.", remedy=remedy))
    chosen = dict.fromkeys(curves, tests) if isinstance(tests, LiftTest) else dict(tests)
    rows = []
    for channel, test in chosen.items():
        curves[channel]
        effect = test.effect(curves, channel, usual[curves.channels.index(channel)])
        perfect = solve.perfect(channel, effect, outcomes)
        value = min(solve.gain(channel, effect, test.standard_error, outcomes, least), perfect)
        rows.append(
            {
                "channel": channel,
                "value": value,
                "of_perfect": value / perfect if perfect > 0 else 0.0,
                "effect": float(effect.mean()),
                "effect_sd": float(effect.std()),
                "standard_error": test.standard_error,
                "informative": test.standard_error / max(float(effect.std()), 1e-300),
            }
        )
    return pd.DataFrame(rows).sort_values("value", ascending=False, kind="stable", ignore_index=True)


def sizes_of_test(
    plan: Plan,
    curves: ResponseCurves,
    channel: str,
    test: LiftTest,
    spend: Mapping[str, float] | pd.Series | None = None,
    shares: Iterable[float] = (0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0),
) -> pd.DataFrame:
    """How large a channel's test should be: what each size teaches, less what running it costs.

    Among k times as much of the market the effect is k times as large and its standard error the square root of k
    times, so relative precision rises with the root of the size. The cost is what the test itself forgoes or adds in
    the objective's figure, at expected customers and with the money it saves or spends; a test that earns more than
    it costs has a negative one.

    Parameters
    ----------
    plan, curves, spend
        As for ``value_of_tests``.
    channel
        The channel tested.
    test
        One test of known standard error, from which the other sizes follow.
    shares
        Shares of the horizon's market to try.

    Returns
    -------
    One row per size: share, standard_error, value (of learning), cost, net (value - cost) and ``best``, true for the
    size of the largest net value where that is positive.

    Raises
    ------
    BadInput
        As ``value_of_tests``; and for objectives that are ratios, whose figure does not add up over tests.
    """
    solve = _Solver(plan, curves)
    goal = solve.program.goal
    if goal.is_ratio:
        remedy = "ask with maximize=Customers(...) or maximize=Profit(...)."
        raise BadInput(Problem("sizes_of_test", "cannot weigh a test against a blended CAC.", remedy=remedy))
    usual = curves.amounts(spend if spend is not None else plan.now or {})
    curves[channel]
    index = curves.channels.index(channel)
    if not usual[index] > 0:
        remedy = "give spend=..., or Plan(now=...)."
        raise BadInput(Problem("sizes_of_test", "knows no usual spend of the channel.", channel, remedy=remedy))
    perfect = solve.perfect(channel, test.effect(curves, channel, float(usual[index])), 12)
    rows = []
    for share in shares:
        error = test.standard_error * float(np.sqrt(share / test.share))
        sized = replace(test, share=share, standard_error=error)
        effect = sized.effect(curves, channel, float(usual[index]))
        lost = -np.sign(test.change) * goal.per_customer[index] * float(effect.mean())
        saved = -test.change * share * float(usual[index]) * goal.per_spend[index]
        rows.append((share, error, min(solve.gain(channel, effect, error, 12), perfect), float(lost - saved)))
    frame = pd.DataFrame(rows, columns=["share", "standard_error", "value", "cost"])
    frame["net"] = frame["value"] - frame["cost"]
    frame["best"] = (frame["net"] == frame["net"].max()) & (frame["net"] > 0)
    return frame


def perfect_information(plan: Plan, curves: ResponseCurves, draws: int = 100, seed: int = 0) -> float:
    """The value of knowing every curve exactly: no test, of any channel, can be worth more.

    Averaged over some draws, each with the best plan of its own.
    """
    solve = _Solver(plan, curves)
    chosen = np.random.default_rng(seed).permutation(curves.n_draws)[:draws]
    gains = []
    for draw in chosen:
        weights = np.zeros(curves.n_draws)
        weights[draw] = 1.0
        gains.append(solve.learnt(weights))
    return float(np.mean(gains))


class _Solver:
    """Best plans under reweighted draws."""

    def __init__(self, plan: Plan, curves: ResponseCurves, keep: Mapping[str, float] | pd.Series | None = None) -> None:
        if curves.n_draws < 2:
            raise BadInput(Problem("curves", "have no draws, so nothing can be learnt.", remedy="use a posterior's."))
        if plan.fees:
            raise BadInput(Problem("value_of_tests", "takes no fees in steps.", remedy="state them as fixed cost."))
        self.plan, self.curves = plan, curves
        program = plan.program(curves)
        if any(row.per_customer.any() for row in program.rows):
            remedy = "ask with a Budget instead."
            raise BadInput(Problem("value_of_tests", "takes no promises of customers or CAC ceilings.", remedy=remedy))
        organic = np.asarray(plan.organic, dtype=float)
        paired = organic.ndim == 1 and len(organic) == curves.n_draws
        self.organic = organic if paired else np.full(curves.n_draws, float(organic.mean()))
        flat, self.looks = FlatCurves(curves), Looks(curves)
        self.program = with_ceilings(program, flat, lambda capped: branch_and_bound(capped, flat, 0.05).spend)
        self.today = self._best(flat, float(self.organic.mean())) if keep is None else curves.amounts(keep)

    def _goal(self, organic: float) -> Goal:
        return self.plan.objective.goal(self.program.setting.with_organic(organic))

    def _best(self, flat: FlatCurves, organic: float) -> Array:
        spend = branch_and_bound(self.program.replaced(goal=self._goal(organic)), flat, _GAP).spend
        if spend is None:
            raise BadInput(Problem("value_of_tests", "the plan has no allowed allocation.", remedy="relax its limits."))
        return spend

    def learnt(self, weights: Array, curves: ResponseCurves | None = None) -> float:
        """What the best plan under the weights gains over today's in the objective's figure."""
        flat, organic = FlatCurves(curves or self.curves, weights, self.looks), float(weights @ self.organic)
        goal, best = self._goal(organic), self._best(flat, organic)
        gain = goal.score(best, flat.mean(best)) - goal.score(self.today, flat.mean(self.today))
        return max(float(gain), 0.0)

    def perfect(self, channel: str, effect: Array, outcomes: int) -> float:
        """Expected gain from knowing a channel's effect exactly: no test of it is worth more (Blackwell, 1953)."""
        return self.gain(channel, effect, _EXACT * max(float(effect.std()), 1e-300), outcomes)

    def gain(self, channel: str, effect: Array, standard_error: float, outcomes: int, least: float = -np.inf) -> float:
        """Expected gain from measuring a channel's effect with an error."""
        if effect.std() <= 1e-12 * max(abs(float(effect.mean())), 1e-300):
            return 0.0
        count = len(effect)
        noise = _noise(effect) * standard_error
        nodes, chances = np.polynomial.hermite_e.hermegauss(outcomes)
        chances = chances / chances.sum()
        kept = chances > _RARE
        seen = np.quantile(effect + noise, _normal_levels(nodes[kept]))
        wide = max(standard_error, float(effect.std()) * count**-0.2)
        gains = [
            self._after(channel, effect, outcome, standard_error, wide) if outcome > least * standard_error else 0.0
            for outcome in seen
        ]
        return float(chances[kept] @ gains / chances[kept].sum())

    def _after(self, channel: str, effect: Array, outcome: float, standard_error: float, wide: float) -> float:
        """The gain once a test has shown an outcome."""
        near, weights = (_likely(effect, outcome, error) for error in (standard_error, wide))
        believed, said = float(weights @ effect), float(near @ effect)
        scaled = self.curves[channel].scaled(effect=said / believed if believed > 0 else 1.0)
        return self.learnt(weights, self.curves.with_curve(channel, scaled))


def _noise(effect: Array) -> Array:
    """Standard normal errors, one a draw, that have nothing to do with the effect: not even by chance."""
    count = len(effect)
    noise = np.random.default_rng(0).permutation(_normal_quantiles((np.arange(count) + 0.5) / count))
    apart = effect - effect.mean()
    noise = noise - apart * float(apart @ noise) / float(apart @ apart)
    return np.asarray(noise / noise.std()) if count > _FEW else noise


def _likely(effect: Array, outcome: float, error: float) -> Array:
    """Weights of the draws after an outcome, shape (draws,)."""
    logs = -0.5 * ((effect - outcome) / error) ** 2
    weights = np.exp(logs - logs.max())
    weights[weights < 1e-9 / len(effect) * weights.sum()] = 0.0
    return np.asarray(weights / weights.sum())


def _normal_levels(scores: Array) -> Array:
    from scipy.special import ndtr

    return np.asarray(ndtr(scores))


def _normal_quantiles(levels: Array) -> Array:
    from scipy.special import ndtri

    return np.asarray(ndtri(levels))

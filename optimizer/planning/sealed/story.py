"""A review in words: what was foreseen, what came, and what each cause moved."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attribution.estimates import Estimate
from attribution.numbers import amount, closing, cost, count, counted, percent
from optimizer.cycle.bridge import ACTUAL, CONTROLS, LEVEL, MIX, PRICE, RESPONSE, UNEXPLAINED
from optimizer.planning.sealed.review import Review

__all__ = ["cac", "cannot_tell", "headline", "lines", "meaning", "of_causes", "span", "story"]

_MEANS = {
    LEVEL: "as much was spent as was, divided as planned",
    MIX: "spend was divided between channels, weeks and markets as it was",
    PRICE: "spend bought what it did, against the price of the weeks before the plan",
    CONTROLS: "controls, treatments and organic channels went as they did",
    RESPONSE: "channels respond as a fit with these weeks says, against the sealed one",
    UNEXPLAINED: "what none of that explains: noise, the baseline, and response unless it stands apart",
}


def headline(review: Review) -> str:
    """What was foreseen and what came, in one sentence."""
    outcome, actual = str(review.record["outcome"]), review.bridge.actual
    return (
        f"{count(actual)} {outcome} came where {review.planned.written(count)} were foreseen: "
        f"{_place(review.planned, actual)} the sealed 90 % interval."
    )


def span(review: Review) -> str:
    """Which weeks, and when they were sealed."""
    last = review.dates[-1] + pd.Timedelta(days=review.days - 1)
    over = (
        f"{counted(review.seal.weeks, 'week')}"
        if review.whole
        else f"the first {review.weeks:g} of {counted(review.seal.weeks, 'week')}"
    )
    late = "" if review.seal.in_time else ", when its weeks were over: it shows no foresight"
    dates = f"{review.dates[0]:%d %B %Y} to {last:%d %B %Y}"
    return f"{review.seal.name}: {over}, {dates}; sealed {review.seal.when[:10]}{late}."


def story(review: Review) -> list[str]:
    """The review in a few sentences."""
    outcome, actual = str(review.record["outcome"]), review.bridge.actual
    spent, meant = float(review.actual_spend.sum()), float(review.planned_spend.sum())
    currency = str(review.record["currency"])
    change = f" ({percent(spent / meant - 1, signed=True)})" if meant else ""
    planned, came = cac(review)
    return [
        span(review),
        headline(review),
        f"Of spend, delivery and controls as they went the sealed model expects {review.as_spent.written(count)} "
        f"{outcome}: what came lies {_place(review.as_spent, actual)} that interval.",
        f"{amount(spent)} {currency} was spent where {amount(meant)} was planned{change}; blended CAC, fixed cost "
        f"included, {cost(came)} where {planned.written()} {currency} was foreseen.",
        *of_causes(review),
        *review.scorecard.sentences,
    ]


def lines(review: Review) -> Iterator[str]:
    """The story with the bridge as a small table, for a terminal."""
    told = story(review)
    yield from told[:2]
    steps = review.bridge.to_frame()
    for name, written in zip(steps.index, closing(steps["customers"].to_numpy()), strict=True):
        low, high = (count(float(steps.loc[name, f"customers_{end}"])) for end in ("low", "high"))
        yield f"  {name:<16}{written:>14}" + ("" if name == ACTUAL else f"   {low} to {high}")
    yield from told[2:]
    yield from review.notes


def of_causes(review: Review) -> Iterator[str]:
    """The largest cause, and whether what is left is more than chance."""
    causes = {name: Estimate.of(drawn) for name, drawn in review.bridge.causes.items()}
    left = causes.pop(UNEXPLAINED)
    if causes:
        name = max(causes, key=lambda one: abs(causes[one].point))
        if abs(causes[name].point) >= 0.5:
            yield f"Most of what the model can name moved by {name}: {_signed(causes[name])}."
    within = left.low <= 0 <= left.high
    verdict = "chance and the model's own uncertainty may do that much" if within else "that is more than chance does"
    yield f"Unexplained: {_signed(left)}; {verdict}."


def cannot_tell(review: Review) -> Iterator[str]:
    """What the review does not know."""
    if RESPONSE not in review.bridge.causes:
        yield (
            "Whether channels' response changed stands with what is unexplained; --refit fits the models again with "
            "these weeks and parts the two."
        )
    else:
        yield (
            "Response is how the belief on channels moved, rank by rank of its draws, and its interval says over which "
            "range, not how sure the move is. A fit moves credit between channels and baseline in all weeks, not in "
            "these alone."
        )
    if PRICE not in review.bridge.causes:
        yield "No channel is driven by volumes, so dearer or cheaper media stand with what is unexplained."
    if CONTROLS not in review.bridge.causes:
        yield "The model has no controls, so what else moved demand is within what is unexplained."
    yield (
        "Season and holidays were known when the plan was sealed and move nothing here. What single channels brought "
        "is what the model expects of their spend; the customers themselves do not say whose they are."
    )
    if not review.whole:
        yield "Not all weeks are over: the scorecard shows this plan and does not count it yet."
    yield from review.notes
    yield from (str(one) for one in review.record["assumptions"])  # type: ignore[attr-defined]


def meaning(name: str) -> str:
    """What a cause stands for."""
    return _MEANS[name]


def cac(review: Review) -> tuple[Estimate, float]:
    """Blended CAC as foreseen, and as it came; NaN where nobody came."""
    planned = Estimate.blended(float(review.planned_spend.sum()) + review.fixed_cost, review.bridge.planned)
    outlay = float(review.actual_spend.sum()) + review.fixed_cost
    return planned, outlay / review.bridge.actual if review.bridge.actual > 0 else np.nan


def _place(interval: Estimate, value: float) -> str:
    return "inside" if interval.low <= value <= interval.high else "below" if value < interval.low else "above"


def _signed(value: Estimate) -> str:
    low, high = (_mark(end) for end in (value.low, value.high))
    return f"{_mark(value.point)} ({low} to {high})"


def _mark(value: float) -> str:
    return f"{'+' if value >= 0 else '−'}{count(abs(value))}"

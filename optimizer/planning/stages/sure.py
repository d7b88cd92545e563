"""Whether a plan is sure enough to beat today's spend that the move is advised."""

from __future__ import annotations

from attribution.findings import Finding
from attribution.numbers import likelihood, percent
from optimizer.answer.worth import Worth
from optimizer.planning.stages.experience import Corrected

__all__ = ["chance_to_beat_today", "sure_to_beat_today"]


def chance_to_beat_today(worth: Worth, corrected: Corrected | None) -> float | None:
    """Probability that the plan does better than today, by experience where it is known.

    None where that is no measure of the plan: today's spend breaks what is asked, the plan's aim is its spend, or no
    draw tells the two apart.
    """
    if worth.today_misses or worth.aim.name == "spend":
        return None
    better = worth.aim.probability_better if corrected is None else corrected.probability_better
    return better if better == better else None


def sure_to_beat_today(worth: Worth, corrected: Corrected | None, confidence: float) -> Finding:
    """Whether the plan beats today with the confidence that the file asks of a move.

    Parameters
    ----------
    worth
        Of the plan, against today.
    corrected
        Its improvement as plans like it turned out; None where that is not known.
    confidence
        Least probability of beating today at which a move is advised.
    """
    better = chance_to_beat_today(worth, corrected)
    if better is None:
        text = "Whether to move is not asked: today's spend is no alternative, or the plan is as good on its aim."
        return Finding("sure_to_beat_today", True, None, confidence, text)
    by = "by the mix model's own draws" if corrected is None else "as plans like it turned out"
    text = f"The plan beats today's spend with probability {likelihood(better)}, {by}."
    if better < confidence:
        text += (
            f" That is under {percent(confidence)} (plan.confidence), too little to move on: keep today's spend, or "
            "test first (cac test design says of which channel a test is worth most, plan.tests puts that here)."
        )
    return Finding("sure_to_beat_today", better >= confidence, better, confidence, text)

"""The ground that was tried: a plan stays within what each channel ever spent, unless the plan file says to explore.

Beyond it the curve is the belief's, not the data's, and a plan that chooses what looks best goes where the belief errs
upwards: there it promises more and brings less. A lift test that spends more, and sees an effect, opens the ground up
to its own rate of spend.
"""

from __future__ import annotations

import pandas as pd

from attribution.findings import Finding
from attribution.numbers import amount
from optimizer.answer.allocation import Allocation
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.stages.riders import Held, at_no_more

__all__ = ["least_finding", "remedy_of_tried", "tried_channels", "tried_finding"]

_NEAR = 1e-6
_FAR_BELOW = 0.5  # of the least ever spent on all channels together


def tried_channels(section: PlanSection, now: pd.Series, seen: pd.Series) -> tuple[Held, ...]:
    """Every channel at no more than was tried over as many weeks, or is spent now; none where the plan explores.

    Parameters
    ----------
    section
        The plan file's question.
    now, seen
        Present spend, and the most tried over a horizon, by channel in currency.
    """
    if section.explore:
        return ()
    because = "the most ever spent over as many weeks, or at the rate of a lift test"
    spent = {
        str(channel): (max(float(seen[channel]), float(now[channel])), float(now[channel]))
        for channel in now.index
        if channel not in section.without_history
    }
    tried = (at_no_more(channel, because, section, most, today) for channel, (most, today) in spent.items())
    return tuple(one for one in tried if one is not None)


def tried_finding(tried: tuple[Held, ...], allocation: Allocation, seen: pd.Series) -> Finding:
    """Whether the plan leaves the spend that was tried, and where it would if it were let.

    Parameters
    ----------
    tried
        What keeps it within, none where it explores.
    allocation, seen
        The plan, and the most tried over a horizon; channels without history, of which another finding speaks, are
        not in it.
    """
    ratio = (allocation.spend / seen.reindex(allocation.spend.index)).fillna(0.0)
    outside = [str(channel) for channel in ratio.index[ratio > 1 + 1e-9]]
    stopped = [one.channel for one in tried if 0 < one.at_most * (1 - _NEAR) <= allocation.spend[one.channel]]
    stopped = [channel for channel in stopped if channel not in outside]
    text = (
        f"The plan spends more on {', '.join(outside)} than was ever spent over as many weeks: that part of the curve "
        "is extrapolated. Move in steps, or test first. "
        if outside
        else "Every channel stays within what was spent before over as many weeks. "
    )
    if stopped:
        listed = ", ".join(f"{channel} ({amount(float(allocation.spend[channel]))})" for channel in stopped)
        text += f"At the most ever spent: {listed}. A lift test that spends more opens ground where it sees an effect; "
        text += "plan.explore: true lets them go beyond, where nothing was measured."
    return Finding("inside_observed_spend", not outside, float(ratio.max()), 1.0, text.strip(), tuple(outside))


def least_finding(allocation: Allocation, now: pd.Series, least: float) -> Finding:
    """Whether the plan spends far less in all than was ever spent, so that nothing shows what comes without it.

    Parameters
    ----------
    allocation, now
        The plan, and present spend by channel.
    least
        Ever spent on all channels together over a horizon.
    """
    total = allocation.total_spend
    far = total < _FAR_BELOW * least
    cut = tuple(str(channel) for channel in now.index if allocation.spend[channel] < now[channel]) if far else ()
    text = "The plan spends no less in all than half of the least that was ever spent over as many weeks."
    if far:
        text = (
            f"The plan spends {amount(total)} in all, less than half of the least that was ever spent over as many "
            f"weeks ({amount(least)}): how many customers come with so little media was never seen, and is the model's "
            "word alone. Step down in parts, or test with channels off."
        )
    return Finding("inside_least_spend", not far, total, _FAR_BELOW * least, text, cut)


def remedy_of_tried(tried: tuple[Held, ...]) -> str:
    """What to add to a refusal where the plan stays within tried spend."""
    if not tried:
        return ""
    return (
        " The plan stays within what each channel ever spent over as many weeks; plan.explore: true lets it go beyond."
    )

"""Channels that a plan holds: what rides on demand is not raised on weekly data alone.

Three witnesses name a rider: the path log's marks, the plan file's ``model.rides_on``, and the mix model's check that
spend follows demand. A plan may lower it within its limits, and raises it only where the plan file says so or a lift
test has seen an effect of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from attribution.findings import Finding
from attribution.numbers import amount
from mmm import LiftTest
from optimizer.answer.allocation import Allocation
from optimizer.answer.explanation import price_sentence
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.file.limits import limits_of
from optimizer.planning.inputs.tested import measured
from optimizer.question.constraints import Channel, Constraint
from optimizer.question.limits import Limit, Side, Unit

__all__ = [
    "RIDER_IN_LOG",
    "Held",
    "Riders",
    "at_no_more",
    "held_channels",
    "hold_finding",
    "on_weeks_alone",
    "remedy",
    "riders_of",
]

RIDER_IN_LOG = "intent_rider: "
"""What the name of a finding of the path log on a channel begins with."""
_WITNESSES = {
    "rides_on": "the plan file says that it rides on others",
    "follows_demand": "customers move with its spend by more than a channel is likely to bring",
}
_RAISED = 0.01  # of present spend: less is no raise
_UNSEEN = "its lift tests cannot say yet that it brings anything"


@dataclass(frozen=True)
class Held:
    """A channel that the run keeps below a spend, beside the limits of the plan file.

    Parameters
    ----------
    channel
        Its name.
    at_most
        Most that the plan may spend on it over the horizon, in currency; a floor of the plan file's above that wins.
    because
        Why, in words.
    note
        What of the plan file's own limits gives way, or wins; empty where they agree.
    """

    channel: str
    at_most: float
    because: str
    note: str = ""

    @property
    def sentence(self) -> str:
        """The channel and why."""
        return f"{self.channel} ({self.because}{f'; {self.note}' if self.note else ''})"

    @property
    def constraint(self) -> Constraint:
        """The limit as the plan has it."""
        return Channel(self.channel).at_most(self.at_most)

    @property
    def limit(self) -> Limit:
        """The same as prices name it."""
        return Limit(Channel(self.channel).subject, Side.AT_MOST, self.at_most, Unit.CURRENCY)


@dataclass(frozen=True)
class Riders:
    """Channels that ride on demand as far as anybody says so.

    Parameters
    ----------
    untested
        Channel -> who says so, in words.
    tested
        Those of which lift tests have seen an effect, so that nothing else need be believed.
    """

    untested: Mapping[str, str]
    tested: tuple[str, ...] = ()


def riders_of(findings: Iterable[Finding], channels: Sequence[str], tests: Iterable[LiftTest]) -> Riders:
    """Who rides on demand, by findings of the path log and of the mix model.

    Parameters
    ----------
    findings
        Of either; others are passed over.
    channels
        Those that the plan may spend on.
    tests
        Lift tests that the mix model was fitted with.
    """
    reasons: dict[str, list[str]] = {}
    for finding in findings:
        said = _WITNESSES.get(finding.name)
        if finding.name.startswith(RIDER_IN_LOG):
            said = "in the path log " + finding.text.partition(" intent: ")[2].partition(". Its credit")[0]
        for channel in () if said is None or finding.passed else finding.channels:
            reasons.setdefault(channel, []).append(str(said))
    tests = tuple(tests)
    seen = measured(tests)
    for channel in {test.channel for test in tests} - seen:
        reasons.get(channel, []).append(_UNSEEN)
    named = [channel for channel in channels if channel in reasons]
    return Riders(
        {channel: "; ".join(reasons[channel]) for channel in named if channel not in seen},
        tuple(channel for channel in named if channel in seen),
    )


def held_channels(riders: Mapping[str, str], section: PlanSection, now: pd.Series) -> tuple[Held, ...]:
    """The riders that a plan may not raise; one that the plan file fixes is left to it.

    Parameters
    ----------
    riders
        Channel -> who says so, those without a lift test.
    section
        The plan file's question.
    now
        Present spend over the horizon by channel.
    """
    if section.raise_riders:
        return ()
    held = (at_no_more(name, because, section, float(now[name])) for name, because in riders.items())
    return tuple(one for one in held if one is not None)


def at_no_more(channel: str, because: str, section: PlanSection, most: float, now: float | None = None) -> Held | None:
    """A channel kept at no more than a spend; None where the plan file fixes what it gets.

    Parameters
    ----------
    channel, because
        Its name, and why.
    section
        The plan file's question, whose floors win.
    most, now
        That spend, and present spend where it is another, over the horizon in currency.
    """
    own, now = limits_of(section, channel), most if now is None else now
    if own is None:
        return Held(channel, most, because)
    if own.fixed is not None:
        return None
    floor = own.zero_or_at_least or 0.0 if own.at_least is None else own.at_least.of(now)
    if floor > most:
        return Held(channel, floor, because, f"the plan file's floor of {amount(floor)} wins")
    if own.at_most is not None and own.at_most.of(now) > most:
        return Held(channel, most, because, f"the plan file's at_most of {amount(own.at_most.of(now))} gives way")
    return Held(channel, most, because)


def hold_finding(riders: Riders, held: tuple[Held, ...], allocation: Allocation, now: pd.Series) -> Finding:
    """Which channels the plan holds, why, what that costs, and which test would end it.

    Parameters
    ----------
    riders, held
        Who rides, and whom of them the plan holds.
    allocation, now
        The plan, and present spend.
    """
    free = f"A lift test has measured {', '.join(riders.tested)}: no hold." if riders.tested else ""
    raised = tuple(c for c in riders.untested if allocation.spend[c] > float(now[c]) * (1 + 1e-6))
    sentence = ""
    if held:
        sentence = (
            "Held at no more than today's spend, for demand that others make may be credited to them: "
            f"{'; '.join(one.sentence for one in held)}. {_prices(held, allocation)} A lift test that sees an "
            "effect of a channel ends its hold, plan.raise_riders: true that of all. "
        )
    if raised:
        sentence += (
            "Raised, as the plan file says, although demand that others make may be credited to them: "
            f"{', '.join(raised)}. What that brings may be far less than the model says. "
        )
    names = tuple(dict.fromkeys((*(one.channel for one in held), *raised)))
    text = sentence or "No channel is held or raised as a rider on demand. "
    return Finding("riders_held", not names, float(len(names)), 0.0, (text + free).strip(), names)


def on_weeks_alone(
    allocation: Allocation, now: pd.Series, tests: Iterable[LiftTest], others: Collection[str]
) -> Finding:
    """Channels that a plan raises though nothing but weeks of spend and customers speaks for them.

    Parameters
    ----------
    allocation, now
        The plan, and present spend.
    tests
        Lift tests that the mix model was fitted with.
    others
        Channels that a path log sees, which would mark them as riders on demand, and those that no week has seen.
    """
    seen = measured(tests) | set(others)
    more = (allocation.spend - now)[lambda moved: moved > _RAISED * now]
    names = tuple(name for name in more.sort_values(ascending=False).index if name not in seen)
    if not names:
        return Finding("raised_on_weeks_alone", True, 0.0, 0.0, "No channel is raised on the weekly table alone.")
    text = (
        f"Nothing but the weekly table speaks for {', '.join(names)}, which the plan raises: no path log that sees "
        "it, no lift test. Where demand that no column measures moves spend, part of what it brings is credited to "
        f"channels, and where it does so faintly no weekly table shows it. Test {names[0]} before the plan is "
        "followed, give a path log, or a control that moves with demand."
    )
    return Finding("raised_on_weeks_alone", False, float(len(names)), 0.0, text, names)


def remedy(held: tuple[Held, ...]) -> str:
    """What to add to a refusal where channels are held."""
    if not held:
        return ""
    return (
        f" Held as riders on demand: {', '.join(one.channel for one in held)}; "
        "plan.raise_riders: true, or a lift test of them, lets the plan raise them."
    )


def _prices(held: tuple[Held, ...], allocation: Allocation) -> str:
    """What holding costs by the model's own figures, which are what is in doubt."""
    limits = {one.limit for one in held}
    priced = [price for price in allocation.prices if price.limit in limits and price.per_unit]
    if not priced:
        return "By the model's own figures the holds cost nothing."
    sentences = " ".join(price_sentence(price, str(price.limit), allocation.unit, allocation.value) for price in priced)
    return f"What holding costs by the model's own figures: {sentences}"

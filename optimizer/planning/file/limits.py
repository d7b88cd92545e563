"""From the plan file's limits on channels, groups, change and weighted sums to constraints."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from optimizer import Change, Channel, Constraint, Fee, Group, WeightedSpend
from optimizer.planning.file.amounts import Amount
from optimizer.planning.file.keys.limits import GroupLimits, Limits
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.file.keys.referral import ReferralKeys

__all__ = ["fees_of", "limits_of", "limits_on_programme", "limits_on_spend"]


def limits_on_spend(section: PlanSection, now: pd.Series) -> Iterator[Constraint]:
    """Every limit of the section beside budget and promises.

    Parameters
    ----------
    section
        The file's plan section.
    now
        Present spend over the horizon by channel; relative limits refer to it.
    """
    for channel in map(str, now.index):
        limits = limits_of(section, channel)
        if section.incremental is not None and (limits is None or limits.fixed is None):
            yield Channel(channel).at_least(float(now[channel]))
        if limits is not None:
            yield from _of_channel(section, channel, limits, float(now[channel]))
    for name, shared in section.groups.items():
        yield from _of_group(section, name, shared, float(now[shared.channels].sum()))
    if section.change is not None:
        yield Change(at_most=section.change.each, total=section.change.total)
    for name, sum_ in section.custom.items():
        present = sum_.present(dict(now))
        least, most = (None if side is None else side.of(present) for side in (sum_.at_least, sum_.at_most))
        yield WeightedSpend(name, sum_.weights, least, most)


def fees_of(section: PlanSection, channels: list[str]) -> Iterator[Fee]:
    """The fees of channels and of groups."""
    own = ((name, [name], limits_of(section, name)) for name in channels)
    shared = ((name, limits.channels, limits) for name, limits in section.groups.items())
    for name, members, limits in (*own, *shared):
        if limits is not None and limits.fee_steps:
            yield Fee(name, members, limits.fee_steps)


def limits_of(section: PlanSection, channel: str) -> Limits | None:
    """A channel's own limits, with ``every_channel`` on the sides it leaves open."""
    every, own = section.every_channel, section.channels.get(channel)
    if channel in section.new_channels:
        most = Amount(section.new_channels[channel].at_most, relative=False)
        own = Limits(at_most=most) if own is None else own.model_copy(update={"at_most": most})
    elif section.referral is not None and channel == section.referral.name and not _is_capped(own):
        most = Amount(section.referral.programme.most_paid, relative=False)
        own = Limits(at_most=most) if own is None else own.model_copy(update={"at_most": most})
    return own if every is None else every if own is None else own.over(every)


def limits_on_programme(section: PlanSection, programme: ReferralKeys) -> Iterator[Constraint]:
    """What a referral programme is held to that a what-if adds to the plan's channels: as one of the plan's own."""
    values = section.value_per_customer
    if isinstance(values, dict) and programme.value is not None:
        values = {**values, programme.name: programme.value}
    section = section.model_copy(update={"referral": programme, "value_per_customer": values})
    if (limits := limits_of(section, programme.name)) is not None:
        yield from _of_channel(section, programme.name, limits, 0.0)


def _is_capped(own: Limits | None) -> bool:
    return own is not None and (own.at_most is not None or own.fixed is not None)


def _of_channel(section: PlanSection, name: str, limits: Limits, present: float) -> Iterator[Constraint]:
    channel = Channel(name)
    if limits.fixed is not None:
        yield channel.fixed(limits.fixed.of(present))
    yield from _of_spend(channel, limits.at_least, limits.at_most, present)
    if limits.zero_or_at_least is not None:
        yield channel.zero_or_at_least(limits.zero_or_at_least)
    yield from _of_cost(section, channel, limits)


def _of_group(section: PlanSection, name: str, limits: GroupLimits, present: float) -> Iterator[Constraint]:
    group = Group(name, limits.channels)
    yield from _of_spend(group, limits.at_least, limits.at_most, present)
    yield from _of_cost(section, group, limits)


def _of_spend(group: Group, least: Amount | None, most: Amount | None, present: float) -> Iterator[Constraint]:
    if least is not None:
        yield group.at_least(least.of(present))
    if most is not None:
        yield group.at_most(most.of(present))


def _of_cost(section: PlanSection, group: Group, limits: Limits | GroupLimits) -> Iterator[Constraint]:
    if limits.max_cac is not None:
        yield group.cac_at_most(limits.max_cac)
    if limits.max_marginal_cac is not None:
        yield group.marginal_cac_at_most(limits.max_marginal_cac)
    for name in group.channels if limits.target_roas is not None else ():
        worth = section.worth_of(name) or 0.0
        yield Channel(name).marginal_cac_at_most(worth / float(limits.target_roas or 1.0))
    if limits.share is not None:
        yield group.share(limits.share.at_least, limits.share.at_most)

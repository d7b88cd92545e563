"""Keys of a plan section that do not fit together, and limits that today's spend gives no meaning, by file and line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from attribution.errors import nearest
from attribution.numbers import amount
from optimizer.planning.file.amounts import Amount
from optimizer.planning.file.document import Document, Place
from optimizer.planning.file.keys.limits import GroupLimits, Limits, MarketLimits
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.file.limits import limits_of

__all__ = ["misfits", "misfits_of_today"]

_SHOWN = 5
Said = tuple[tuple[str | int, ...], str]


def misfits(section: PlanSection, channels: list[str], document: Document, at: Place = ("plan",)) -> list[str]:
    """Problems of a plan section that its keys alone cannot show.

    Parameters
    ----------
    section
        A plan section whose keys are each well formed.
    channels
        Those of the weekly table and new ones.
    document, at
        The plan file, and where in it the section stands.
    """
    said = [*_of_values(section, channels), *_of_increments(section), *_of_risk(section), *_of_fees(section)]
    said += [*_of_robust(section), *_of_new_channels(section, channels)]
    return [document.error((*at, *place), text) for place, text in said]


def misfits_of_today(
    section: PlanSection, now: pd.Series, document: Document, at: Place = ("plan",), idle: Sequence[str] = ()
) -> list[str]:
    """Limits that today's spend makes meaningless or impossible.

    Parameters
    ----------
    section
        The file's plan section.
    now
        Present spend over the horizon by channel.
    document, at
        The plan file, and where in it the section stands.
    idle
        Channels in a market of several, without present spend there.
    """
    said = [*_of_today(section, now), *_of_idle(section, idle)]
    return [document.error((*at, *place), text) for place, text in said]


def _of_idle(section: PlanSection, idle: Sequence[str]) -> Iterator[Said]:
    if idle and section.change is not None and section.change.each is not None:
        named = f"{', '.join(idle[:_SHOWN])}{' and more' if len(idle) > _SHOWN else ''}"
        text = f"is a share of present spend by channel and market, of which there is none for {named}. "
        yield ("change", "each"), text + "State change.total, or limits of channels and markets, in its place."


def _of_today(section: PlanSection, now: pd.Series) -> Iterator[Said]:
    yield from _of_entry(section, {**dict(now), **dict.fromkeys(section.without_history, 0.0)})
    if section.budget is not None and not now.any():
        for side in ("at_most", "at_least", "exactly"):
            stated: Amount | None = getattr(section.budget, side)
            if stated is not None and stated.relative:
                text = f"is {stated} of present spend, of which there is none, so that it is nothing. "
                yield ("budget", side), text + "Write an amount, or state plan.now."
    for channel, present in now.items():
        own = limits_of(section, str(channel))
        most = None if own is None else own.fixed if own.fixed is not None else own.at_most
        place = ("channels", str(channel)) if str(channel) in section.channels else ("every_channel",)
        if section.change is not None and section.change.each is not None and present == 0 and most is None:
            text = f"is a share of present spend, of which {channel} has none. "
            yield ("change", "each"), text + f"Give plan.channels.{channel} an at_most, or fixed: 0 to leave it out."
        if section.incremental is not None and most is not None and most.of(present) < present * (1 - 1e-12):
            text = f"is below today's {amount(present)}, and plan.incremental only adds to what is spent today. "
            yield place, text + "Raise the limit, or write budget in place of incremental."


def _of_entry(section: PlanSection, now: Mapping[str, float]) -> Iterator[Said]:
    """Prices of entry above the most that the same channel may get, so that it would get nothing without a word."""
    for channel, present in now.items():
        own = limits_of(section, channel)
        if own is None or own.zero_or_at_least is None or own.at_most is None:
            continue
        most = own.at_most.of(present)
        if most < own.zero_or_at_least * (1 - 1e-12):
            stated = channel in section.channels and section.channels[channel].zero_or_at_least is not None
            place = ("channels", channel, "zero_or_at_least") if stated else ("every_channel", "zero_or_at_least")
            text = f"is {amount(own.zero_or_at_least)}, and {channel} may get {amount(most)} at most, which leaves it "
            yield place, text + "nothing. Raise at_most, lower the price of entry, or write fixed: 0 to leave it out."


def _limited(section: PlanSection) -> Iterator[tuple[tuple[str, ...], Limits | GroupLimits | MarketLimits, list[str]]]:
    """Every set of limits: where it stands, what it says, and whom it concerns; for every channel nobody by name."""
    if section.every_channel is not None:
        yield ("every_channel",), section.every_channel, []
    yield from ((("channels", name), limits, [name]) for name, limits in section.channels.items())
    yield from ((("groups", name), limits, limits.channels) for name, limits in section.groups.items())
    yield from ((("markets", name), limits, []) for name, limits in section.markets.items())


def _of_values(section: PlanSection, channels: list[str]) -> Iterator[Said]:
    worth = section.value_per_customer
    if isinstance(worth, dict):
        missing = [channel for channel in channels if channel not in worth]
        if missing:
            yield ("value_per_customer",), f"lacks {', '.join(missing)}; state what a customer of each is worth."
        if section.value_per_organic is None:
            text = "by channel needs plan.value_per_organic beside it: what a customer who comes unpaid is worth."
            yield ("value_per_customer",), text
    elif section.value_per_organic is not None:
        yield ("value_per_organic",), "goes with value_per_customer by channel; remove it, or state both by channel."
    for place, limits, names in _limited(section):
        if limits.target_roas is None:
            continue
        if worth is None:
            text = "is value over cost and needs plan.value_per_customer; or cap the cost itself with max_marginal_cac."
            yield (*place, "target_roas"), text
        for name in names or channels:
            if isinstance(worth, dict) and worth.get(name) == 0:
                text = f"cannot be reached by {name}, whose customers are worth 0; leave {name} out with fixed: 0."
                yield (*place, "target_roas"), text


def _of_increments(section: PlanSection) -> Iterator[Said]:
    if section.incremental is None:
        return
    if section.budget is not None:
        yield ("budget",), "is today's spend and plan.incremental together; keep one of the two."
    if section.minimize == "spend":
        yield ("incremental",), "fixes what is spent; ask maximize: customers, or budget with minimize: spend."


def _of_risk(section: PlanSection) -> Iterator[Said]:
    if section.risk is None:
        return
    if section.maximize == "npv":
        text = (
            "takes no draws of what customers are worth; ask maximize: profit with value_per_customer by channel, as "
        )
        yield ("risk",), text + "lifetime_value.csv has it, or remove risk."
    if isinstance(section.value_per_customer, dict) and section.maximize == "profit":
        for key in ("customers", "max_cac"):
            if getattr(section, key) is not None:
                text = "cannot be kept beside plan.risk with values by channel: what is worst for profit is not what "
                yield (key,), text + "is worst for customers. Remove it, state one value_per_customer, or no risk."
    for place, limits, names in _limited(section):
        shared = place[0] == "markets" or (place[0] == "groups" and len(set(names)) > 1)
        if limits.max_cac is not None and shared:
            text = "cannot be kept in the worst cases together with plan.risk; cap the CAC of single channels, limit "
            yield (*place, "max_cac"), text + "spend, cap the blended CAC (plan.max_cac), or remove risk."


def _of_new_channels(section: PlanSection, channels: list[str]) -> Iterator[Said]:
    known = [channel for channel in channels if channel not in section.without_history]
    for name, new in section.new_channels.items():
        place = ("new_channels", name)
        if channels.count(name) > 1:
            yield place, "has history in data.weekly, so that its curve is known; choose another name."
        if new.like not in known:
            close = nearest(new.like, known)
            hint = f"Did you mean {close!r}?" if close else f"Channels in data.weekly.spend: {', '.join(known)}."
            yield (*place, "like"), f"unknown channel {new.like!r}. {hint}"
        own = section.channels.get(name)
        for key in ("at_most", "fixed") if own is not None else ():
            if getattr(own, key) is not None:
                yield ("channels", name, key), f"stands in plan.new_channels.{name}.at_most as well; keep that alone."
    if section.referral is not None and channels.count(section.referral.name) > 1:
        text = f"{section.referral.name} is a channel already; choose another name."
        yield ("referral", "name"), text
    if section.without_history and section.schedule is not None and section.schedule.free_from is not None:
        text = "have no spend before plan.schedule.free_from, and the quarter has begun; add them from the next one."
        yield ("new_channels" if section.new_channels else "referral",), text


def _of_robust(section: PlanSection) -> Iterator[Said]:
    if not section.robust:
        return
    if section.risk is not None:
        yield ("robust",), "cannot be asked together with plan.risk; each names its own worst cases, keep one of them."
    for place, limits, _ in _limited(section):
        if limits.fee_steps:
            key = "fee" if limits.fee is not None else "fees"
            yield (*place, key), "cannot be asked together with plan.robust; state it in fixed_cost, or remove robust."


def _of_fees(section: PlanSection) -> Iterator[Said]:
    for place, limits, _ in _limited(section):
        key = "fee" if limits.fee is not None else "fees"
        if limits.fee_steps and section.minimize == "spend":
            text = "is no part of the media spend that the plan minimises; ask minimize: blended_cac, or maximize."
            yield (*place, key), text

"""The plan file's limits: of a channel, of a group, on change and on any weighted sum of spend."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, ClassVar

from pydantic import Field, field_validator, model_validator

from optimizer.planning.file.amounts import Amount, Cost, Level, Money, Shift, Swing
from optimizer.planning.file.keys.base import Name, Section

__all__ = ["BudgetLimits", "ChangeLimits", "FeeStep", "GroupLimits", "Limits", "MarketLimits", "Share", "Weighted"]

Part = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Weight = Annotated[float, Field(allow_inf_nan=False)]


class Share(Section):
    """Share of total spend, between 0 and 1."""

    at_least: Part | None = None
    """Least share."""
    at_most: Part | None = None
    """Largest share."""

    @model_validator(mode="after")
    def _some_side(self) -> Share:
        if self.at_least is None and self.at_most is None:
            raise ValueError("say at_least, at_most or both, as shares: 0.3 for 30 % of spend")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("at_least exceeds at_most")
        return self


def _in_order(least: Amount | None, most: Amount | None) -> None:
    """Refuse limits that exclude each other whatever is spent at present."""
    if least is not None and most is not None and least.relative == most.relative and least.value > most.value:
        raise ValueError(f"at_least {least} exceeds at_most {most}")


class FeeStep(Section):
    """A step of a fee: what is due once more than an amount is spent."""

    above: Money
    """Spend of the channel, or of the group together, over the horizon beyond which the fee is due; 0 for any spend."""
    fee: Money
    """The whole fee then, in place of that of the step before."""


class _Costs(Section):
    """What channels may cost, and their share of spend."""

    max_cac: Cost | None = None
    """Most that the customers of the channel, or of the group together, may cost on average: spend over customers."""
    max_marginal_cac: Cost | None = None
    """Most that the last customer of the channel, or of each channel of the group, may cost."""
    target_roas: Positive | None = None
    """The same as a return: the last unit of currency brings at least so many times itself in value of customers,
    `value_per_customer` over marginal CAC. It is no average return.
    """
    share: Share | None = None
    """Share of total spend."""
    fee: Money | None = None
    """Due beside the media where anything is spent on the channel, or on any of the group: tools, an agency.

    Part of the blended CAC and of profit as `fixed_cost` is, and no part of `budget`.
    """
    fees: Annotated[list[FeeStep], Field(min_length=1)] | None = None
    """The same in steps that rise with spend: `[{above: 0, fee: 5_000}, {above: 200_000, fee: 12_000}]`."""

    def stated(self) -> set[str]:
        """Keys that say something."""
        return {name for name in type(self).model_fields if getattr(self, name) is not None}

    @model_validator(mode="after")
    def _one_margin(self) -> _Costs:
        if self.max_marginal_cac is not None and self.target_roas is not None:
            raise ValueError("max_marginal_cac and target_roas both cap the cost of the last customer; keep one")
        return self

    @property
    def fee_steps(self) -> list[tuple[float, float]]:
        """Pairs of spend and the fee beyond it, rising; none without a fee."""
        return [(0.0, self.fee)] if self.fee is not None else [(step.above, step.fee) for step in self.fees or []]

    @model_validator(mode="after")
    def _rising_fees(self) -> _Costs:
        if self.fee is not None and self.fees is not None:
            raise ValueError("fee is the same as one step of fees; keep one of them")
        for before, after in pairwise(self.fee_steps):
            if not (before[0] < after[0] and before[1] <= after[1]):
                raise ValueError("fees have to rise: each step above more spend than the one before, and no cheaper")
        return self


class Limits(_Costs):
    """What one channel may spend over the horizon, and what it may cost."""

    SIDES: ClassVar = (
        ("at_least", "zero_or_at_least"), ("at_most",), ("max_cac",), ("max_marginal_cac", "target_roas"), ("share",),
        ("fee", "fees"),
    )  # fmt: skip

    at_least: Shift | None = None
    """Least spend."""
    at_most: Shift | None = None
    """Most spend."""
    fixed: Shift | None = None
    """Exact spend; stands alone, but for a fee."""
    zero_or_at_least: Money | None = None
    """Nothing, or at least so much: a price of entry."""

    @model_validator(mode="after")
    def _one_story(self) -> Limits:
        given = self.stated()
        if not given:
            rest = "max_cac, max_marginal_cac, target_roas, share, fee or fees"
            raise ValueError(f"say at_least, at_most, fixed, zero_or_at_least, {rest}")
        if "fixed" in given and given - {"fixed", "fee", "fees"}:
            raise ValueError("fixed stands alone; remove the other limits")
        if {"zero_or_at_least", "at_least"} <= given:
            raise ValueError("zero_or_at_least and at_least exclude each other")
        _in_order(self.at_least, self.at_most)
        return self

    def over(self, every: Limits) -> Limits:
        """These limits, and on the sides that they leave open those of every channel."""
        if self.fixed is not None:
            return self
        keys = [
            (key, self if any(getattr(self, other) is not None for other in side) else every)
            for side in self.SIDES
            for key in side
        ]
        return Limits.model_construct(**{key: getattr(source, key) for key, source in keys})


class BudgetLimits(Section):
    """What all channels together may spend over the horizon."""

    at_least: Shift | None = None
    """Least total spend."""
    at_most: Shift | None = None
    """Most total spend."""
    exactly: Shift | None = None
    """Exact total spend; stands alone."""

    @model_validator(mode="after")
    def _one_story(self) -> BudgetLimits:
        if self.exactly is not None and (self.at_least is not None or self.at_most is not None):
            raise ValueError("exactly stands alone; remove at_least and at_most")
        _in_order(self.at_least, self.at_most)
        return self


class GroupLimits(_Costs):
    """Channels that share a limit."""

    channels: Annotated[list[Name], Field(min_length=1)]
    """The members."""
    at_least: Shift | None = None
    """Least spend of the members together."""
    at_most: Shift | None = None
    """Most spend of the members together."""

    @model_validator(mode="after")
    def _some_limit(self) -> GroupLimits:
        if self.stated() == {"channels"}:
            raise ValueError("say at_least, at_most, max_cac, max_marginal_cac, target_roas, share, fee or fees")
        _in_order(self.at_least, self.at_most)
        return self


class MarketLimits(_Costs):
    """Limits of one market: of all channels in it together."""

    at_least: Shift | None = None
    """Least spend in the market."""
    at_most: Shift | None = None
    """Most spend in the market."""

    @model_validator(mode="after")
    def _some_limit(self) -> MarketLimits:
        if not self.stated():
            raise ValueError("say at_least, at_most, max_cac, max_marginal_cac, target_roas, share, fee or fees")
        return self


class ChangeLimits(Section):
    """How far the plan may move from present spend."""

    each: Swing | None = None
    """By how much any channel may rise or fall, `±20%`. A channel without present spend has no such share and needs an
    `at_most` of its own.
    """
    total: Money | None = None
    """Most that may be moved in all, the sum of rises and falls."""

    @model_validator(mode="after")
    def _some_limit(self) -> ChangeLimits:
        if self.each is None and self.total is None:
            raise ValueError("say each, as a percentage either way, or total, in currency, or both")
        return self


class Weighted(Section):
    """Limits on a weighted sum of spend, in a unit of its own."""

    weights: Annotated[dict[Name, Weight], Field(min_length=1)]
    """Channel: units per unit of currency; channels not named count nothing, weights may be negative."""
    at_least: Level | None = None
    """Least sum, or relative to the sum at present spend."""
    at_most: Level | None = None
    """Largest sum, or relative to the sum at present spend."""

    @field_validator("weights")
    @classmethod
    def _some_weight(cls, weights: dict[str, float]) -> dict[str, float]:
        if not any(weights.values()):
            raise ValueError("give at least one weight other than 0")
        return weights

    @model_validator(mode="after")
    def _some_limit(self) -> Weighted:
        if self.at_least is None and self.at_most is None:
            raise ValueError("say at_least, at_most or both")
        _in_order(self.at_least, self.at_most)
        return self

    def present(self, now: dict[str, float]) -> float:
        """The sum at present spend."""
        return sum(weight * now[channel] for channel, weight in self.weights.items())

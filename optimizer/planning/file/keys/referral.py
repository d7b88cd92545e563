"""The plan file's ``referral``: a programme that rewards customers for bringing customers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from attribution.economics import Referral, Tier
from optimizer.planning.file.amounts import Cost
from optimizer.planning.file.keys.base import Section, Title

__all__ = ["ReferralKeys", "TierKeys"]


class TierKeys(Section):
    """A reward, and what customers do for it."""

    reward: Cost
    """Paid for each customer who comes, to both sides together."""
    share: Annotated[float, Field(gt=0, le=1)]
    """Of customers, those who refer at this reward: 0.08 for 8 %."""
    each: Annotated[float, Field(gt=0, le=1000)]
    """Customers whom one of them brings over the horizon and after it."""


class ReferralKeys(Section):
    """A referral programme as one more channel, whose spend is its rewards."""

    name: Title = "referral"
    """Its name among the channels."""
    customers: Annotated[float, Field(gt=0, le=1e12)]
    """Customers who can refer over the horizon."""
    tiers: Annotated[list[TierKeys], Field(min_length=1)]
    """Rewards ascending. `share` times `each` is the k-factor, below 1: customers who come by referral refer too."""
    capacity: Annotated[float, Field(gt=0, le=1e12)]
    """The most customers who can come by referral over the horizon, however well it goes."""
    already: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Customers whom one customer brings without any reward today: the programme pays for them too and gains none."""
    spread: Annotated[float, Field(ge=0, le=2)] = 0.3
    """How uncertain the k-factor is: one standard deviation of its logarithm."""

    value: Cost | None = None
    """What a customer who comes by it is worth, for a programme of `scenarios` where `plan.value_per_customer` is by
    channel. That of `plan.referral` stands there under its name; with `maximize: npv` both are worth what customers of
    a channel without cohorts are.
    """

    @model_validator(mode="after")
    def _a_programme(self) -> ReferralKeys:
        _ = self.programme
        return self

    @property
    def programme(self) -> Referral:
        """The programme that the keys describe."""
        tiers = tuple(Tier(tier.reward, tier.share, tier.each) for tier in self.tiers)
        return Referral(self.customers, tiers, self.capacity, self.already, self.spread)

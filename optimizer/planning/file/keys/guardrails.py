"""The plan file's ``guardrails``: what `cac monitor` holds recent weeks against, and how far it goes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from optimizer.planning.file.amounts import Cost, Percent
from optimizer.planning.file.keys.analyses import Range
from optimizer.planning.file.keys.base import Name, Section

__all__ = ["BackupKeys", "GuardrailKeys", "LevelKeys", "RatioKeys", "RiseKeys"]

Rise = Annotated[Percent, Field(gt=0)]
How = Literal["watch", "halve", "stop"]


def _repeated(names: list[str]) -> str | None:
    """The first name that stands more than once."""
    return next((name for name in names if names.count(name) > 1), None)


class RiseKeys(Section):
    """Rise of the CAC over the twelve months before, freed of season, spend and controls by the model."""

    warn: Rise = 0.15
    """From which the rule warns."""
    stop: Rise = 0.25
    """From which it stops."""

    @model_validator(mode="after")
    def _in_order(self) -> RiseKeys:
        if self.stop < self.warn:
            raise ValueError("stop is below warn; write the warning first, such as {warn: +15%, stop: +25%}")
        return self


class RatioKeys(Section):
    """Lifetime value over the blended CAC, fixed cost included."""

    tighten: Annotated[float, Field(gt=0, le=100)] = 3.0
    """Below this: no more spend for more customers."""
    optimise: Annotated[float, Field(gt=0)] = 2.0
    """Below this a customer costs more than half of what it is worth."""
    stop: Annotated[float, Field(gt=0)] = 1.0
    """Below this a customer costs more than it is worth."""

    @model_validator(mode="after")
    def _in_order(self) -> RatioKeys:
        if not self.tighten >= self.optimise >= self.stop:
            raise ValueError("tighten, optimise and stop have to fall, such as 3, 2 and 1")
        return self


class LevelKeys(Section):
    """How far each rule goes; one whose limit is not surely crossed is watched, whatever stands here."""

    sequential: How = "halve"
    """The sequential test on customers and on conversions of a channel."""
    expected: How = "watch"
    """Customers below the 90 % interval of the model."""
    warn: How = "watch"
    """`twelve_months.warn`."""
    stop: How = "stop"
    """`twelve_months.stop`."""
    tighten: How = "watch"
    """`ltv_cac.tighten`."""
    optimise: How = "halve"
    """`ltv_cac.optimise`."""
    unprofitable: How = "stop"
    """`ltv_cac.stop`."""
    benchmark: How = "watch"
    """`benchmarks`."""
    price: How = "watch"
    """The sequential test on prices of media."""
    funnel: How = "watch"
    """Conversion between stages of `funnel`."""


class BackupKeys(Section):
    """Channels that take a stopped channel's money."""

    channels: list[Name] = []
    """Who they are; all others within their tried spend where left out."""
    share: Range = (0.2, 0.3)
    """Part of all spend that they should have while nothing is wrong, so that they are no strangers when needed."""
    beyond_tried: Annotated[Percent, Field(ge=0)] = 0.3
    """What they may exceed the most that was ever spent on them by."""

    @model_validator(mode="after")
    def _a_share(self) -> BackupKeys:
        if self.share[1] > 1:
            raise ValueError("share exceeds 1; write 0.3 for 30 %")
        if twice := _repeated(self.channels):
            raise ValueError(f"channels names {twice} twice; name each channel once")
        return self


class GuardrailKeys(Section):
    """What `cac monitor plan.yaml actuals.csv` holds the weeks against that the last fit has not seen."""

    window: Annotated[int, Field(ge=1, le=26)] = 4
    """Weeks over which figures are held against limits."""
    twelve_months: RiseKeys = RiseKeys()
    """Rise of the CAC."""
    lifetime_value: Cost | None = None
    """Of a customer; `plan.value_per_customer` where left out, and no LTV:CAC without either."""
    ltv_cac: RatioKeys = RatioKeys()
    """Steps of LTV:CAC."""
    benchmarks: dict[Name, Cost] = {}
    """Channel, or `blended`: CAC of a benchmark; that of a channel needs its conversions."""
    beyond_benchmark: Annotated[Percent, Field(ge=0)] = 0.2
    """What a CAC may exceed its benchmark by before it is reviewed."""
    attributed: dict[Name, Name] = {}
    """Channel: column of the conversions that attribution credits it with by week, in the table of actuals."""
    platform_reported: dict[Name, Name] = {}
    """Channel: column of the conversions that its platform reports, in the same table."""
    funnel: list[Name] = []
    """Columns of the stages of the funnel in order, `[visits, leads, new_customers]`, in the same table."""
    false_alarms: Annotated[float, Field(gt=0, le=0.5)] = 0.05
    """Part of quiet quarters in which the sequential test may give an alarm on any figure."""
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.95
    """Probability with which a limit has to be crossed before more is done than to watch."""
    levels: LevelKeys = LevelKeys()
    """How far each rule goes."""
    backups: BackupKeys = BackupKeys()
    """Who takes a stopped channel's money."""

    @property
    def reported(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """Channel -> source and column of each count of its conversions."""
        stated = {"attributed": self.attributed, "platform-reported": self.platform_reported}
        names = dict.fromkeys([*self.attributed, *self.platform_reported])
        return {
            name: tuple((source, columns[name]) for source, columns in stated.items() if name in columns)
            for name in names
        }

    @model_validator(mode="after")
    def _stages(self) -> GuardrailKeys:
        if len(self.funnel) == 1 or len(set(self.funnel)) < len(self.funnel):
            raise ValueError("funnel needs two stages or more, each once, such as [visits, leads, new_customers]")
        return self

    @model_validator(mode="after")
    def _columns(self) -> GuardrailKeys:
        for name, columns in (("attributed", self.attributed), ("platform_reported", self.platform_reported)):
            if twice := _repeated(list(columns.values())):
                raise ValueError(f"{name} counts column {twice} for two channels; name each channel's own conversions")
        return self

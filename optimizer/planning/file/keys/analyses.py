"""The plan file's ``attribution`` and ``model``: which analyses to run, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from mmm.model.adstock import Adstock
from mmm.model.model import Likelihood
from mmm.model.saturation import Saturation
from optimizer.planning.file.amounts import Money
from optimizer.planning.file.attribution_models import MODELS
from optimizer.planning.file.keys.base import CountryCode, Duration, Name, Section

__all__ = ["Attribution", "Belief", "ChannelModel", "CreditBelief", "MixModel", "Season", "TestTrust"]


def _rising(value: tuple[float, float]) -> tuple[float, float]:
    low, high = value
    if not 0 < low < high:
        raise ValueError(f"[{low:g}, {high:g}] is no range; write two numbers above 0, the lower first")
    return value


if TYPE_CHECKING:
    AttributionModel = str
    AdstockName = str
    SaturationName = str
    LikelihoodName = str
else:
    AttributionModel = Literal[tuple(MODELS)]
    AdstockName = Literal[tuple(Adstock.families())]
    SaturationName = Literal[tuple(Saturation.families())]
    LikelihoodName = Literal[tuple(Likelihood.families())]


class Attribution(Section):
    """Which attribution models to run, and how."""

    lookback: Duration = "30D"
    models: Annotated[list[AttributionModel], Field(min_length=1)] = ["first", "last", "linear", "markov"]
    markov_order: Annotated[int, Field(ge=1, le=6)] = 1
    half_life: Duration = "7D"
    idle_gap: Duration | None = None
    lookback_of: dict[Name, Duration] = {}
    exclude: list[Name] = []
    priority: dict[Name, Annotated[int, Field(ge=1)]] = {}
    periods: Literal["week", "month", "quarter"] | None = None
    dating: Literal["conversion", "touch"] = "conversion"
    lag_days: Annotated[int, Field(ge=0, le=365)] = 0
    replicates: Annotated[int, Field(ge=50, le=10_000)] = 300
    spend: dict[Name, Money] | None = None


class Season(Section):
    """Yearly season as a Fourier series."""

    period: Annotated[float, Field(gt=14)] = 365.25
    order: Annotated[int, Field(ge=0, le=12)] = 3


Range = Annotated[tuple[float, float], AfterValidator(_rising)]


class ChannelModel(Section):
    """The curve families of one channel."""

    adstock: AdstockName | None = None
    saturation: SaturationName | None = None


class CreditBelief(Section):
    """An attribution model's credit as part of the belief."""

    model: AttributionModel
    weight: Annotated[float, Field(gt=0, le=1)] = 0.25


class Belief(Section):
    """What is believed of the channels before the weekly data speak; ranges hold with probability 90 %."""

    media_share: Annotated[float, Field(gt=0, lt=1)] = 0.3
    cac: dict[Name, Range] = {}
    share: dict[Name, Range] = {}
    attribution: CreditBelief | None = None

    @model_validator(mode="after")
    def _once_each(self) -> Belief:
        twice = sorted(set(self.cac) & set(self.share))
        if twice:
            raise ValueError(f"{twice[0]!r} is believed by cac and by share; keep one of them")
        wide = [name for name, (_, high) in self.share.items() if high > 1]
        if wide:
            raise ValueError(f"share of {wide[0]!r} exceeds 1; write 0.05 for 5 %")
        return self


class TestTrust(Section):
    """How far lift tests are believed."""

    trust: Literal["weighed", "full"] = "weighed"
    half_life: Annotated[float, Field(gt=0)] | None = None


class MixModel(Section):
    """The mix model and its sampling."""

    adstock: AdstockName = "geometric"
    saturation: SaturationName = "hill"
    channels: dict[Name, ChannelModel] = {}
    lags: Annotated[int, Field(ge=1, le=52)] = 26
    trend: Literal["linear", "piecewise", "none"] = "linear"
    wander: Annotated[float, Field(ge=0, le=2)] = 0.0
    season: Season = Season()
    holidays: CountryCode | None = None
    likelihood: LikelihoodName = "normal"
    demand: Literal["none", "control_functions"] | Annotated[list[Name], Field(min_length=1)] = "none"
    rides_on: dict[Name, Annotated[list[Name], Field(min_length=1)]] = {}
    belief: Belief = Belief()
    tests: TestTrust = TestTrust()
    sensitivity: bool = True
    rivals: bool = True
    draws: Annotated[int, Field(ge=200, le=20_000)] = 1000
    tune: Annotated[int, Field(ge=200, le=20_000)] = 1000
    chains: Annotated[int, Field(ge=2, le=16)] = 4
    time_budget: Annotated[float, Field(gt=0)] = 300.0
    accept_unconverged: bool = False

    @property
    def demand_of(self) -> tuple[str, ...]:
        """Channels that the file itself says follow an unmeasured demand."""
        return () if isinstance(self.demand, str) else tuple(self.demand)

    @model_validator(mode="after")
    def _on_others(self) -> MixModel:
        for channel, drivers in self.rides_on.items():
            if channel in drivers:
                raise ValueError(f"rides_on says that {channel!r} rides on itself; name others, or organic")
        return self

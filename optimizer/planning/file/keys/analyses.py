"""The plan file's ``attribution`` and ``model``: which analyses to run, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from attribution.analysis.calibration import Aging
from mmm.model.adstock import Adstock
from mmm.model.model import Likelihood
from mmm.model.saturation import S_SHAPED, Saturation
from optimizer.planning.file.amounts import Cost, Money
from optimizer.planning.file.attribution_models import MODELS
from optimizer.planning.file.keys.base import CountryCode, Duration, Name, Repeats, Section
from optimizer.planning.file.keys.tables import Source, TimeZone

__all__ = [
    "S_SHAPE",
    "Attribution",
    "Belief",
    "Calibration",
    "ChannelModel",
    "CreditBelief",
    "MixModel",
    "Range",
    "Season",
    "TestTrust",
    "saturation_of",
]


_WIDEST = 1e7  # times the lower end


def _rising(value: tuple[float, float]) -> tuple[float, float]:
    low, high = value
    if not 0 < low < high:
        raise ValueError(f"[{low:g}, {high:g}] is no range; write two numbers above 0, the lower first")
    if high > _WIDEST * low:
        raise ValueError(f"[{low:g}, {high:g}] is so wide that it says nothing; narrow it, or leave it out")
    return value


S_SHAPE = "s_shaped"
"""A family of the plan file's own: a Hill curve with a belief about its slope."""


if TYPE_CHECKING:
    AttributionModel = str
    AdstockName = str
    SaturationName = str
    LikelihoodName = str
else:
    AttributionModel = Literal[tuple(MODELS)]
    AdstockName = Literal[tuple(Adstock.families())]
    SaturationName = Literal[(*Saturation.families(), S_SHAPE)]
    LikelihoodName = Literal[tuple(Likelihood.families())]


def saturation_of(name: str) -> Saturation:
    """The family that a name of the plan file means."""
    return S_SHAPED if name == S_SHAPE else Saturation.families()[name]()


class Calibration(Section):
    """How far credit is corrected by what was measured; see [three opinions](concepts/three-opinions.md)."""

    fresh: Duration = "182D"
    """For how long a factor does not drift."""
    drift: Annotated[float, Field(ge=0, le=10)] = 0.3
    """How far a factor may have moved a year after that, as a share of it (one standard deviation)."""
    between: Annotated[float, Field(ge=0, le=10)] = 0.12
    """How far a factor differs between one quarter and another, drift apart, as a share of it (one standard deviation).
    """
    factors: Source | None = None
    """The `calibration.csv` of an earlier run, for channels of which this one measures nothing."""

    @property
    def aging(self) -> Aging:
        """The first three as attribution takes them."""
        days = int(self.fresh[:-1]) / (1 if self.fresh[-1] in "Dd" else 24)
        return Aging(days, self.drift, self.between)


class Attribution(Section):
    """Which attribution models to run, and how."""

    lookback: Duration = "30D"
    """How long before a conversion a touch counts."""
    models: Annotated[list[AttributionModel], Field(min_length=1)] = ["first", "last", "linear", "markov"]
    """Attribution models to run."""
    markov_order: Annotated[int, Field(ge=1, le=6)] = 1
    """Channels remembered by the chain."""
    half_life: Duration = "7D"
    """Of time-decay."""
    direct: Name = "direct"
    """The channel that `last_non_direct` passes over, as the log writes it."""
    days_in: TimeZone | None = None
    """Zone whose days, weeks and months CAC is shown by, such as `Europe/Berlin`; UTC where left out. In which zone a
    table writes its times is its own `time_zone`.
    """
    idle_gap: Duration | None = None
    """Silence that ends a path; the lookback where left out."""
    lookback_of: dict[Name, Duration] = {}
    """Interaction: its own lookback, such as `{view: 1D}`."""
    weight_of: dict[Name, Annotated[float, Field(gt=0, le=1000)]] = {}
    """Interaction: weight of its touches in rules of thumb, such as `{view: 0.3}`; 1 for those not named."""
    rank_of: dict[Name, Annotated[int, Field(ge=1)]] = {}
    """Interaction: rank; of a path only the touches of best rank count, such as `{view: 2}` for views where nothing was
    clicked.
    """
    repeats: Repeats | None = None
    """Touches of one channel that follow each other within this time, such as `30min`, are one touch; `day`: one touch
    per channel and day.
    """
    last_resort: list[Name] = []
    """Channels that count only in paths that hold nothing else, such as `[direct]`; in every model, and behind every
    rank of `priority`.
    """
    exclude: list[Name] = []
    """Channels without touches in any model, such as `[direct]`."""
    priority: dict[Name, Annotated[int, Field(ge=1)]] = {}
    """Channel: rank, 1 before 2, where channels have several ranks; of a path only the touches of best rank count, 1
    for channels not named. `last_resort` is for those behind all others.
    """
    periods: Literal["week", "month", "quarter"] | None = None
    """CAC also by period, into `attribution_periods.csv`."""
    dating: Literal["conversion", "touch"] = "conversion"
    """Whether credit counts at the date of the conversion or of the touch (heuristics only)."""
    lag_days: Annotated[int, Field(ge=0, le=365)] = 0
    """Days by which spend leads conversions in CAC by period."""
    replicates: Annotated[int, Field(ge=50, le=10_000)] = 300
    """Of the bootstrap."""
    spend: dict[Name, Money] | None = None
    """Channel: amount, where there is no weekly table for CAC."""
    calibration: Calibration = Calibration()
    """How credit is corrected by experiments and the mix model."""


class Season(Section):
    """Yearly season as a Fourier series."""

    period: Annotated[float, Field(gt=14, le=3660)] = 365.25
    """Days of the season."""
    order: Annotated[int, Field(ge=0, le=12)] = 3
    """Terms of its Fourier series; 0 for none. A daily table has the season of the week besides."""


Range = Annotated[tuple[float, float], AfterValidator(_rising)]
CostRange = Annotated[tuple[Cost, Cost], AfterValidator(_rising)]


class ChannelModel(Section):
    """The curve families of one channel."""

    adstock: AdstockName | None = None
    """Family of the channel's carryover."""
    saturation: SaturationName | None = None
    """Family of its saturation; `s_shaped` where little comes of little spend."""


class CreditBelief(Section):
    """An attribution model's credit as part of the belief."""

    model: AttributionModel
    """Whose credit shifts the belief."""
    weight: Annotated[float, Field(gt=0, le=1)] = 0.25
    """How much of the belief is its."""


class Belief(Section):
    """What is believed of the channels before the weekly data speak; ranges hold with probability 90 %."""

    media_share: Annotated[float, Field(gt=0, lt=1)] = 0.3
    """Share of all customers that paid media together bring (median); divided by spend."""
    cac: dict[Name, CostRange] = {}
    """Channel: range of its CAC in currency."""
    share: dict[Name, Range] = {}
    """Channel: range of its share of all customers, `[0.02, 0.1]`."""
    attribution: CreditBelief | None = None
    """An attribution model as part of the belief."""

    @model_validator(mode="after")
    def _once_each(self) -> Belief:
        twice = sorted(set(self.cac) & set(self.share))
        if twice:
            raise ValueError(f"{twice[0]!r} is believed by cac and by share; keep one of them")
        wide = [name for name, (_, high) in self.share.items() if high > 1]
        if wide:
            raise ValueError(f"share of {wide[0]!r} exceeds 1; write 0.05 for 5 %")
        if sum(low for low, _ in self.share.values()) >= 1:
            raise ValueError("share: the channels together bring more than all customers, even at their lower ends")
        return self


class TestTrust(Section):
    """How far lift tests are believed."""

    trust: Literal["weighed", "full"] = "weighed"
    """`weighed` lets a lift test that conflicts with weekly data and other tests count less, `full` believes each as
    far as its standard error says.
    """
    half_life: Annotated[float, Field(ge=1, le=5200)] | None = None
    """Weeks after which a test weighs half; none fades where left out."""


class MixModel(Section):
    """The mix model and its sampling."""

    adstock: AdstockName = "geometric"
    """Family of the carryover."""
    saturation: SaturationName = "hill"
    """Family of the saturation. `s_shaped` is a `hill` that is believed to bend: little comes of little spend, as of a
    medium that needs to be seen several times. A finding names channels of which the weeks do not tell.
    """
    channels: dict[Name, ChannelModel] = {}
    """Channel: families of its own."""
    lags: Annotated[int, Field(ge=1, le=52)] = 26
    """Weeks that carryover may last, in daily tables too."""
    trend: Literal["linear", "piecewise", "none"] = "linear"
    """Of the level without media."""
    wander: Annotated[float, Field(ge=0, le=2)] = 0.0
    """How far the level may wander within a year, as a share of mean customers (0.15: by 15 %, one standard
    deviation).
    """
    season: Season = Season()
    """Of the year."""
    holidays: CountryCode | None = None
    """Country code whose public holidays count."""
    likelihood: LikelihoodName = "normal"
    """`student_t` for weeks that no model explains, `negative_binomial` for few customers."""
    demand: Literal["none", "control_functions"] | Annotated[list[Name], Field(min_length=1)] = "none"
    """`control_functions`: of each channel that the check of spend against demand names, or of those in a list such as
    `[paid_search]`, a column of the baseline stands for the unmeasured demand that its spend gives away, see [the
    mix model](concepts/mix-model.md).
    """
    rides_on: dict[Name, Annotated[list[Name], Field(min_length=1)]] = {}
    """Channel: those whose demand it harvests, `{brand_search: [tv, organic]}`; no figure changes, findings say which
    way its CAC errs, and the plan does not raise it without a test.
    """
    belief: Belief = Belief()
    """What is believed before the data speak."""
    tests: TestTrust = TestTrust()
    """How far lift tests are believed."""
    sensitivity: bool = True
    """Fit again under a neutral belief and show both."""
    rivals: bool = True
    """Fit other readings of the same weeks (saturation, S-shape, carryover, season, level, controls, spend that
    follows demand, spend before the table), and plan on the draws of all that the weeks do not refute; not for a
    table by geo.
    """
    without_last: Annotated[list[Annotated[int, Field(ge=1, le=260)]], Field(max_length=4)] = []
    """Fit again without the last weeks, `[13, 26]` without 13 and without 26 of them, and show each channel's CAC of
    the weeks before under all of these fits; not for a table by geo, and a year must be left.
    """
    draws: Annotated[int, Field(ge=200, le=20_000)] | None = None
    """Of the first sampling attempt, by chain: 1000 where left out, and 1300 of several markets."""
    tune: Annotated[int, Field(ge=200, le=20_000)] | None = None
    """Steps of tuning before them: 1000 where left out, and 500 of several markets."""
    chains: Annotated[int, Field(ge=2, le=16)] = 4
    """Chains of the sampler."""
    time_budget: Annotated[float, Field(gt=0, le=604_800)] = 300.0
    """Seconds in which sampling may go on until it converges; the first attempt always ends, and time in which other
    programs keep it waiting does not count.
    """
    accept_unconverged: bool = False
    """Make a plan from a fit that failed its gate, and mark every output."""

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

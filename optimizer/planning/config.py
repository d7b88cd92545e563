"""plan.yaml: what may stand in it, and messages that name file, line and the nearest valid key."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from attribution.errors import BadInput, nearest
from optimizer.planning.amounts import Amount, Money, Percent, Shift
from optimizer.planning.document import Document

__all__ = ["Config", "read_config"]


def _matching(pattern: str, what: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"{value!r} is not {what}")
        return value

    return AfterValidator(check)


Name = Annotated[str, Field(min_length=1, max_length=200)]
Duration = Annotated[str, _matching(r"\d+[DHdh]", "a duration; write for example 30D (days) or 12H (hours)")]
CurrencyCode = Annotated[str, _matching(r"[A-Z]{3}", "a currency code; write three capitals, for example EUR")]
CountryCode = Annotated[str, _matching(r"[A-Z]{2}", "a country code; write two capitals, for example DE")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


# ---------------------------------------------------------------------------------------------------- data
class Weekly(_Section):
    """The weekly table of spend and outcome."""

    path: Path
    date: Name = "week"
    kpi: Name = "new_customers"
    spend: dict[Name, Name] | Annotated[list[Name], Field(min_length=1)]
    controls: list[Name] = []
    date_format: str | None = None

    @property
    def channels(self) -> dict[str, str]:
        """Channel to spend column, in the file's order."""
        return dict(self.spend) if isinstance(self.spend, dict) else {name: name for name in self.spend}

    @field_validator("spend")
    @classmethod
    def _some_spend(cls, spend: dict[str, str] | list[str]) -> dict[str, str] | list[str]:
        columns = list(spend.values()) if isinstance(spend, dict) else spend
        if not columns:
            raise ValueError("name at least one spend column")
        repeated = sorted({column for column in columns if columns.count(column) > 1})
        if repeated:
            raise ValueError(f"column {repeated[0]!r} is given to more than one channel")
        return spend


class Conversions(_Section):
    """The table of conversions that goes with a touchpoint log."""

    path: Path
    user: Name = "user"
    time: Name = "time"
    value: Name | None = None
    kind: Name | None = None
    kinds: Annotated[list[Name], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _kinds_of_a_kind(self) -> Conversions:
        if self.kinds is not None and self.kind is None:
            raise ValueError("kinds needs kind: the column that holds them")
        return self


class Grouping(_Section):
    """One rule that makes a channel of source, medium, campaign or any other column."""

    channel: Name
    where: Annotated[dict[Name, str], Field(min_length=1)]


class Identity(_Section):
    """The table that says which user ids are one person."""

    path: Path
    user: Name = "user"
    person: Name = "person"


Fault = Literal["missing user", "missing time", "missing channel", "future time", "duplicates", "bots"]


class Touchpoints(_Section):
    """The log of touchpoints."""

    path: Path
    user: Name = "user"
    time: Name = "time"
    channel: Name = "channel"
    interaction: Name | None = None
    conversions: Conversions
    grouping: list[Grouping] = []
    otherwise: Name | None = None
    identity: Identity | None = None
    segments: list[Name] = []
    leave_out: list[Fault] = []
    longest_path: Annotated[int, Field(ge=2)] = 5000
    keep_duplicates: bool = False

    @model_validator(mode="after")
    def _otherwise_of_rules(self) -> Touchpoints:
        if self.otherwise is not None and not self.grouping:
            raise ValueError("otherwise names the channel of touches that no rule of grouping fits; give grouping")
        return self


class Paths(_Section):
    """Conversion paths that were aggregated elsewhere."""

    path: Path
    column: Name = "path"
    conversions: Name = "conversions"
    value: Name | None = None
    nulls: Name | None = None
    separator: Annotated[str, Field(min_length=1)] = ">"


class Data(_Section):
    """The input tables; each group of them is optional."""

    weekly: Weekly | None = None
    upcoming: Path | Literal["last_year"] | None = None
    touchpoints: Touchpoints | None = None
    paths: Paths | None = None

    @model_validator(mode="after")
    def _something(self) -> Data:
        if self.weekly is None and self.touchpoints is None and self.paths is None:
            raise ValueError("give weekly (for a plan), touchpoints or paths (for attribution), or both")
        if self.touchpoints is not None and self.paths is not None:
            raise ValueError("give either touchpoints or paths, not both")
        return self


# ---------------------------------------------------------------------------------------------------- analyses
AttributionModel = Literal["first", "last", "linear", "position", "time_decay", "markov", "shapley"]


class Attribution(_Section):
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


class Season(_Section):
    """Yearly season as a Fourier series."""

    period: Annotated[float, Field(gt=14)] = 365.25
    order: Annotated[int, Field(ge=0, le=12)] = 3


class MixModel(_Section):
    """The mix model and its sampling."""

    saturation: Literal["hill", "logistic"] = "hill"
    lags: Annotated[int, Field(ge=1, le=52)] = 12
    trend: Literal["linear", "none"] = "linear"
    season: Season = Season()
    holidays: CountryCode | None = None
    draws: Annotated[int, Field(ge=200, le=20_000)] = 1000
    tune: Annotated[int, Field(ge=200, le=20_000)] = 1000
    chains: Annotated[int, Field(ge=2, le=16)] = 4
    time_budget: Annotated[float, Field(gt=0)] = 300.0
    accept_unconverged: bool = False


# ---------------------------------------------------------------------------------------------------- plan
class Limits(_Section):
    """What one channel may spend over the horizon."""

    at_least: Shift | None = None
    at_most: Shift | None = None
    fixed: Shift | None = None
    zero_or_at_least: Money | None = None

    @model_validator(mode="after")
    def _one_story(self) -> Limits:
        given = {name for name in type(self).model_fields if getattr(self, name) is not None}
        if not given:
            raise ValueError("say at_least, at_most, fixed or zero_or_at_least")
        if "fixed" in given and len(given) > 1:
            raise ValueError("fixed stands alone; remove the other limits")
        if {"zero_or_at_least", "at_least"} <= given:
            raise ValueError("zero_or_at_least and at_least exclude each other")
        return self


class BudgetLimits(_Section):
    """What all channels together may spend over the horizon."""

    at_least: Shift | None = None
    at_most: Shift | None = None
    exactly: Shift | None = None

    @model_validator(mode="after")
    def _one_story(self) -> BudgetLimits:
        if self.exactly is not None and (self.at_least is not None or self.at_most is not None):
            raise ValueError("exactly stands alone; remove at_least and at_most")
        return self


class GroupLimits(_Section):
    """Channels that share a limit."""

    channels: Annotated[list[Name], Field(min_length=1)]
    at_least: Shift | None = None
    at_most: Shift | None = None

    @model_validator(mode="after")
    def _some_limit(self) -> GroupLimits:
        if self.at_least is None and self.at_most is None:
            raise ValueError("say at_least or at_most")
        return self


class Promise(_Section):
    """New customers promised over the horizon, organic ones included; +0% means as many as today's spend brings."""

    at_least: Shift

    @field_validator("at_least")
    @classmethod
    def _positive(cls, at_least: Amount) -> Amount:
        if not at_least.relative and at_least.value <= 0:
            raise ValueError("promise more than 0 customers")
        return at_least


class PlanSection(_Section):
    """The question to the optimizer."""

    weeks: Annotated[int, Field(ge=1, le=104)] = 13
    minimize: Literal["blended_cac", "spend"] | None = None
    maximize: Literal["customers", "profit"] | None = None
    fixed_cost: Money = 0.0
    value_per_customer: Annotated[float, Field(gt=0)] | None = None
    now: dict[Name, Money] | None = None
    budget: BudgetLimits | None = None
    customers: Promise | None = None
    max_cac: Annotated[float, Field(gt=0)] | None = None
    every_channel: Limits | None = None
    channels: dict[Name, Limits] = {}
    groups: dict[Name, GroupLimits] = {}
    gap: Annotated[float, Field(gt=0, le=0.1)] = 1e-3

    @model_validator(mode="after")
    def _one_objective(self) -> PlanSection:
        if (self.minimize is None) == (self.maximize is None):
            raise ValueError("say either minimize: blended_cac | spend, or maximize: customers | profit")
        if self.maximize == "profit" and self.value_per_customer is None:
            raise ValueError("maximize: profit needs value_per_customer")
        return self


class Scenario(_Section):
    """One what-if: each key changes the plan above in one respect."""

    name: Name
    budget: Shift | None = None
    off: list[Name] = []
    cost: dict[Name, Percent] = {}
    customers: Promise | None = None
    fixed_cost: Shift | None = None
    value_per_customer: Shift | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Scenario:
        if not any(getattr(self, name) for name in type(self).model_fields if name != "name"):
            raise ValueError("changes nothing; give budget, off, cost, customers, fixed_cost or value_per_customer")
        return self


class Config(_Section):
    """The whole plan file."""

    name: Name
    currency: CurrencyCode = "EUR"
    outcome: Name = "customers"
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    output: Path = Path("plan-output")
    data: Data
    attribution: Attribution = Attribution()
    model: MixModel = MixModel()
    plan: PlanSection | None = None
    scenarios: list[Scenario] = []

    @model_validator(mode="after")
    def _belongs_together(self) -> Config:
        if self.plan is not None and self.data.weekly is None:
            raise ValueError("a plan needs data.weekly; without it only attribution can run: remove plan")
        if self.scenarios and self.plan is None:
            raise ValueError("scenarios need a plan to change")
        return self


# ---------------------------------------------------------------------------------------------------- reading
def read_config(path: Path | str) -> tuple[Config, Document]:
    """Read and check a plan file.

    Raises
    ------
    BadInput
        Lists every problem as ``file:line: key: what is wrong``, with the nearest valid key or channel.
    """
    document = Document.read(path)
    try:
        config = Config.model_validate(document.data)
    except ValidationError as invalid:
        raise BadInput(sorted((_message(document, error) for error in invalid.errors()), key=_line)) from None
    problems = [*_unknown_channels(config, document), *_repeated_scenarios(config, document)]
    if problems:
        raise BadInput(sorted(problems, key=_line))
    return config, document


def _line(message: object) -> int:
    found = re.search(r":(\d+): ", str(message))
    return int(found[1]) if found else 0


def _message(document: Document, error: Any) -> str:
    place = tuple(step for step in error["loc"] if _in_document(step))
    if error["type"] == "extra_forbidden":
        valid = _valid_keys(place[:-1])
        close = nearest(place[-1], valid)
        hint = f"Did you mean {close!r}?" if close else f"Valid here: {', '.join(valid)}."
        return document.error(place, f"unknown key. {hint}")
    if error["type"] == "missing":
        return document.error(place, "is required and missing.")
    text = str(error["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    given = error["input"]
    if error["type"].startswith("literal_error"):
        options = str(error["ctx"]["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
        close = nearest(given, options)
        text = f"{given!r} is not one of {', '.join(options)}." + (f" Did you mean {close!r}?" if close else "")
    elif not error["type"].startswith("value_error") and isinstance(given, str | int | float | bool | None):
        text = f"{text[:1].lower()}{text[1:]}; got {given!r}"
    return document.error(place, text if text.endswith((".", "?")) else text + ".")


def _in_document(step: str | int) -> bool:
    """Whether a step of pydantic's place is the file's own: union members carry names of types and validators."""
    return isinstance(step, int) or not step.startswith(("dict[", "list[", "function-", "constrained-", "literal["))


def _valid_keys(place: tuple[str | int, ...]) -> list[str]:
    section: Any = Config
    for step in place:
        if isinstance(section, type) and issubclass(section, BaseModel) and step in section.model_fields:
            section = _section_of(section.model_fields[str(step)].annotation)
    return list(section.model_fields) if isinstance(section, type) and issubclass(section, BaseModel) else []


def _section_of(annotation: Any) -> Any:
    """The section class inside an annotation such as ``Weekly | None`` or ``dict[str, Limits]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = [_section_of(argument) for argument in getattr(annotation, "__args__", ())]
    return next((section for section in inner if section is not None), None)


def _unknown_channels(config: Config, document: Document) -> list[str]:
    if config.data.weekly is None or config.plan is None:
        return []
    known = list(config.data.weekly.channels)
    named: list[tuple[str, tuple[str | int, ...]]] = [
        *((name, ("plan", "channels", name)) for name in config.plan.channels),
        *((name, ("plan", "now", name)) for name in config.plan.now or {}),
        *(
            (name, ("plan", "groups", group, "channels", position))
            for group, limits in config.plan.groups.items()
            for position, name in enumerate(limits.channels)
        ),
        *(
            (name, ("scenarios", number, key, position))
            for number, scenario in enumerate(config.scenarios)
            for key, names in (("off", scenario.off), ("cost", list(scenario.cost)))
            for position, name in (enumerate(names) if key == "off" else zip(names, names, strict=True))
        ),
    ]
    problems = []
    for name, place in named:
        if name not in known:
            close = nearest(name, known)
            hint = f"Did you mean {close!r}?" if close else f"Channels in data.weekly.spend: {', '.join(known)}."
            problems.append(document.error(place, f"unknown channel {name!r}. {hint}"))
    missing = [name for name in known if config.plan.now is not None and name not in config.plan.now]
    if missing:
        problems.append(document.error(("plan", "now"), f"lacks {', '.join(missing)}; write 0 for a channel not used."))
    return problems


def _repeated_scenarios(config: Config, document: Document) -> list[str]:
    names = [scenario.name for scenario in config.scenarios]
    return [
        document.error(("scenarios", number, "name"), f"{name!r} is used before; give each scenario its own name.")
        for number, name in enumerate(names)
        if name in names[:number]
    ]

"""plan.yaml: the whole file, and messages that name file, line and the nearest valid key."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from attribution.errors import BadInput, bounded, nearest
from attribution.numbers import CURRENCY, counted
from mmm.model.model import ORGANIC
from optimizer.planning.file.attribution_misfits import attribution_misfits
from optimizer.planning.file.currencies import Rates
from optimizer.planning.file.document import Document, Place
from optimizer.planning.file.doubtful import doubtful_amounts, parted_numbers
from optimizer.planning.file.keys.analyses import Attribution, MixModel
from optimizer.planning.file.keys.base import CurrencyCode, Section, Title
from optimizer.planning.file.keys.by_value import VALUED_TWICE
from optimizer.planning.file.keys.data import Data
from optimizer.planning.file.keys.economics import CohortTable, EconomicsKeys
from optimizer.planning.file.keys.engine import EngineKeys
from optimizer.planning.file.keys.guardrails import GuardrailKeys
from optimizer.planning.file.keys.plan import PlanSection, Question, Scenario, StressKeys
from optimizer.planning.file.misfits import misfits
from optimizer.planning.language.languages import LanguageCode
from optimizer.question.outcomes import is_money

__all__ = ["Config", "read_config"]

_SHOWN = 80  # characters of a value that is wrong


class Config(Section):
    """The whole plan file."""

    name: Title
    """Title of plan and report."""
    currency: CurrencyCode = CURRENCY
    """Three letters."""
    currencies: dict[CurrencyCode, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = {}
    """Other currency: what one unit of it costs in `currency`, `{USD: 0.92}`. Any amount of the file may then be
    written `120_000 USD`, and `data.weekly.currency_of` names columns of spend in it; all are converted once, where
    they are read.
    """
    outcome: Title = "customers"
    """What one unit of the KPI is called. One that begins with the code of a currency, `EUR of revenue`, is money: no
    LTV:CAC is held against it.
    """
    language: LanguageCode = "en"
    """What report, terminal, workbook, slides, planner and the pages of monitor and review speak: `en`, `de` or `zh`.
    CSV and JSON files [stay English](outputs.md#in-german-and-chinese).
    """
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Same inputs and seed, same plan [on one machine](outputs.md#what-the-same-bytes-holds-for)."""
    output: Path = Path("plan-output")
    """Folder of the outputs, relative to this file; [each run](outputs.md) has its own in it, the last `latest`."""
    engine: EngineKeys = EngineKeys()
    """What reading tables may use of the machine."""
    quote_formulas: bool = False
    """In CSV outputs an apostrophe before text that a spreadsheet takes for a formula, which begins with `=`, `+`, `-`
    or `@`; such names then differ from those of the inputs. In `plan.xlsx` text is never a formula.
    """
    data: Data
    """The input tables. Without `weekly` only attribution runs; without `touchpoints` or `paths` only the plan."""
    attribution: Attribution = Attribution()
    """Which attribution models run, and how."""
    model: MixModel = MixModel()
    """The mix model, what is believed before the data, and sampling."""
    economics: EconomicsKeys = EconomicsKeys()
    """What a customer of `data.cohorts` or `data.orders` is worth."""
    plan: PlanSection | None = None
    """The question to the optimizer; without it no plan is made."""
    scenarios: list[Scenario] = []
    """What if: each item is planned as the plan itself is."""
    guardrails: GuardrailKeys = GuardrailKeys()
    """What `cac monitor` holds recent weeks against."""
    stress: StressKeys | None = None
    """Ask the stress library with every report; `{}` asks it as it is."""

    @property
    def rates(self) -> Rates:
        """What other currencies cost."""
        return Rates(self.currency, self.currencies)

    @property
    def units(self) -> dict[str, str]:
        """What figures of a run are in, for who reads them by program."""
        over = {} if self.plan is None else {"over": counted(self.plan.weeks, "week")}
        return {"money": self.currency, "customers": self.outcome, **over}

    @field_validator("output")
    @classmethod
    def _at_home(cls, folder: Path) -> Path:
        return Path(os.path.expanduser(folder))  # noqa: PTH111 - a folder of an unknown user stays as it is

    @model_validator(mode="after")
    def _belongs_together(self) -> Config:
        data, plan, weekly = self.data, self.plan, self.data.weekly
        if plan is not None and weekly is None:
            raise _lacking("a plan needs data.weekly; without it only attribution can run: remove plan", "plan")
        if self.scenarios and plan is None:
            raise _lacking("scenarios need a plan to change", "scenarios")
        if self.economics.sales_cycle is not None and weekly is None:
            text = "economics.sales_cycle matches the customers of data.weekly to its spend; give that table too"
            raise _lacking(text, "economics", "sales_cycle")
        if self.economics.model_fields_set - {"sales_cycle"} and data.earning is None:
            text = "economics says what customers of data.cohorts or data.orders are worth; give that table too"
            raise _lacking(text, "economics")
        if plan is not None and plan.maximize == "npv" and data.earning is None:
            text = "npv needs data.cohorts or data.orders, which say what a customer of each channel is worth"
            raise _lacking(text, "plan", "maximize")
        if plan is not None and plan.maximize == "npv" and is_money(self.outcome):
            text = f"npv counts what a customer is worth, and one unit of the KPI is {self.outcome}"
            remedy = "ask maximize: profit with the margin of one unit as value_per_customer"
            raise _lacking(f"{text}; {remedy}", "plan", "maximize")
        for place, months in self._paybacks():
            if problem := self._of_payback(months):
                raise _lacking(problem, *place)
        if data.costs is not None and weekly is None:
            raise _lacking("these are costs beside the media of data.weekly; give that table too", "data", "costs")
        if self.stress is not None and plan is None:
            raise _lacking("stress needs a plan to change", "stress")
        if self.model.belief.attribution is not None and data.touchpoints is None and data.paths is None:
            raise _lacking("needs data.touchpoints or data.paths", "model", "belief", "attribution")
        return self

    @model_validator(mode="after")
    def _valued_once(self) -> Config:
        plan = self.plan
        if self.data.by_value is not None and plan is not None and isinstance(plan.value_per_customer, dict):
            raise _lacking(f"data has by_value, which {VALUED_TWICE}; give one value", "plan", "value_per_customer")
        return self

    def _paybacks(self) -> Iterator[tuple[Place, int]]:
        asked: list[tuple[Place, Any]] = [(("plan",), self.plan)]
        for number, scenario in enumerate(self.scenarios):
            asked += [(("scenarios", number), scenario), (("scenarios", number, "instead"), scenario.instead)]
        for place, keys in asked:
            if keys is not None and keys.payback is not None:
                yield (*place, "payback"), keys.payback

    def _of_payback(self, months: int) -> str:
        """What the tables and terms cannot say of a payback; empty where they can."""
        earning, horizon = self.data.earning, self.economics.horizon
        if earning is None:
            return "payback needs data.cohorts or data.orders, which say what a customer earns by month"
        if is_money(self.outcome):
            return f"payback is of customers, and one unit of the KPI is {self.outcome}; cap its cost with max_cac"
        if months > horizon:
            return f"{counted(months, 'month')} exceed economics.horizon, {horizon}; lengthen that, or ask for fewer"
        age = earning.months if isinstance(earning, CohortTable) else 1
        if months % age:
            return f"ages of data.cohorts are of {age} months, and {months} ends within one; state a multiple of {age}"
        return ""


def _lacking(text: str, *place: str | int) -> PydanticCustomError:
    """What a part of the file needs beside it, to be told on the line of that part."""
    return PydanticCustomError("value_error", "{text}", {"text": text, "place": place})


def read_config(path: Path | str) -> tuple[Config, Document]:
    """Read and check a plan file.

    Raises
    ------
    BadInput
        Lists every problem as ``file:line: key: what is wrong``, with the nearest valid key or channel.
    """
    document = Document.read(path)
    return config_of(document), document


def config_of(document: Document) -> Config:
    """Check a plan file that was read.

    Raises
    ------
    BadInput
        As :func:`read_config`.
    """
    if parted := list(parted_numbers(document)):
        raise BadInput(parted)
    try:
        config = Config.model_validate(document.data, context=Rates.of_file(document.data))
    except ValidationError as invalid:
        problems = [*doubtful_amounts(document), *_messages(document, invalid.errors())]
        raise BadInput(sorted(problems, key=_line)) from None
    problems = [
        *doubtful_amounts(document),
        *_unknown_channels(config, document),
        *_repeated_scenarios(config, document),
    ]
    problems += [*_misfits(config, document), *_rates_missing(config, document)]
    problems += [*_unknown_competitor(config, document), *_unknown_stages(config, document)]
    problems += attribution_misfits(config.attribution, config.model.belief.attribution, config.data, document)
    if problems:
        raise BadInput(sorted(problems, key=_line))
    return config


def _line(message: object) -> int:
    match = re.search(r":(\d+): ", str(message))
    return int(match[1]) if match else 0


def _messages(document: Document, errors: list[Any]) -> Iterator[str]:
    """A message each; one for a value that is none of several forms that it may have."""
    places: dict[Any, list[Any]] = {}
    for error in errors:
        places.setdefault((_place(error), repr(error["input"])), []).append(error)
    for (place, _), same in places.items():
        forms = list(dict.fromkeys(_FORMS.get(error["type"]) for error in same))
        if len(forms) > 1 and all(forms):
            text = f"{_written(same[0]['input'])} is of no form that it may have; write {' or '.join(map(str, forms))}."
            yield document.error(place, text)
        else:  # one that is of a form and wrong in it is not told to be of another as well
            yield from (_message(document, error) for error in same if None not in forms or error["type"] not in _FORMS)


_LIST, _KEYS = "[a, b]", "{key: value}"
_FORMS = {
    **dict.fromkeys(("list_type", "tuple_type"), _LIST),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), _KEYS),
}


def _place(error: Any) -> tuple[Any, ...]:
    own = error.get("ctx", {}).get("place", ())
    return (*(_as_written(step) for step in error["loc"] if _in_document(step)), *own)


def _message(document: Document, error: Any) -> str:
    place = _place(error)
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
    elif error["type"] == "too_short":
        least = error["ctx"]["min_length"]
        text = f"{_written(given)} " + ("is empty" if not given else f"is too short; it needs {least} or more")
    elif error["type"] in _WORDS:
        text = f"{_written(given)} {_WORDS[error['type']]}"
        if given == "?":
            text = "is left open; write the number in place of '?'"
        if re.fullmatch(r"\s*[0-9]+([.][0-9]+)?\s*%\s*", str(given)) and error["type"].startswith("float"):
            text += f"; write {float(str(given).strip(' %')) / 100:g}"
    elif not error["type"].startswith("value_error") and isinstance(given, str | int | float | bool | None):
        text = f"{text[:1].lower()}{text[1:]}; got {_written(given)}".replace("input should be", "has to be")
    return document.error(place, text if text.endswith((".", "?")) else text + ".")


_WORDS = {
    **dict.fromkeys(("string_type", "string_unicode"), "is no text; quote it where it has to be one"),
    **dict.fromkeys(("int_type", "int_parsing", "int_parsing_size", "int_from_float"), "is no whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "is no number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "is neither true nor false"),
    **{kind: f"is no list; write {form}" for kind, form in _FORMS.items() if form is _LIST},
    **{kind: f"has no keys; write {form}" for kind, form in _FORMS.items() if form is _KEYS},
    **dict.fromkeys(("path_type", "is_instance_of"), "is no path"),
    **dict.fromkeys(("date_type", "date_parsing", "date_from_datetime_parsing"), "is no date; write it as 2026-12-28"),
    "string_too_short": "is empty",
    **dict.fromkeys(("too_long", "string_too_long"), "is too long"),
    "finite_number": "is not finite",
}
"""What is wrong with a value, by pydantic's name of it."""


def _written(value: Any) -> str:
    """A value as the file has it, as far as one line shows it."""
    if isinstance(value, dict):
        return bounded("{" + ", ".join(map(str, value)) + "}", _SHOWN)
    return bounded(repr(list(value)) if isinstance(value, list) else repr(value), _SHOWN)


def _as_written(step: Any) -> Any:
    """A step as the file has it: pydantic names a key that is a date by its repr."""
    match = re.fullmatch(r"datetime\.date\((\d+), (\d+), (\d+)\)", str(step))
    return dt.date(*map(int, match.groups())) if match else step


def _in_document(step: str | int) -> bool:
    """Whether a step of pydantic's place is the file's own: union members carry names of types and validators."""
    inner = ("dict[", "list[", "function-", "constrained-", "literal[")
    return isinstance(step, int) or not (step.startswith(inner) or step == "[key]")


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
    if config.data.weekly is None:
        return []
    known = list(config.data.weekly.channels)
    drivers = [*known, *config.data.weekly.delivered, ORGANIC]
    problems = []
    planned = [*known, *(config.plan.without_history if config.plan is not None else ())]
    stated = [(each, known) for each in (*_of_the_model(config), *_of_present_spend(config))]
    stated += [(each, known) for each in _of_guardrails(config)]
    stated += [(each, planned) for each in _of_the_plan(config)] + [(each, drivers) for each in _of_riders(config)]
    stated += [
        ((name, ("economics", "margin", name)), [*planned, ORGANIC]) for name in _by_channel(config.economics.margin)
    ]
    for (name, place), valid in stated:
        if name not in valid:
            close = nearest(name, valid)
            hint = f"Did you mean {close!r}?" if close else f"Channels in data.weekly.spend: {', '.join(known)}."
            problems.append(document.error(place, f"unknown channel {name!r}. {hint}"))
    now = config.plan.now if config.plan is not None else None
    missing = [name for name in known if now is not None and name not in now]
    if missing:
        problems.append(document.error(("plan", "now"), f"lacks {', '.join(missing)}; write 0 for a channel not used."))
    return problems


def _unknown_stages(config: Config, document: Document) -> Iterator[str]:
    """Stages of scenarios that are none of the funnel, each where it stands."""
    leading = () if config.data.funnel is None else config.data.funnel.before_customers
    for number, scenario in enumerate(config.scenarios):
        for stage in scenario.stages:
            if stage in leading:
                continue
            close = nearest(stage, leading)
            hint = f"Did you mean {close!r}?" if close else f"Those are {', '.join(leading)}."
            text = f"{stage!r} is no stage on the way to a customer. {hint}"
            if not leading:
                text = "stages of scenarios are those of data.funnel; give that table too."
            yield document.error(("scenarios", number, "stages", stage), text)


Named = list[tuple[str, tuple[str | int, ...]]]


def _of_the_model(config: Config) -> Named:
    """Channels that the model section names, and where."""
    belief = config.model.belief
    return [
        *((name, ("model", "channels", name)) for name in config.model.channels),
        *((name, ("model", "belief", "cac", name)) for name in belief.cac),
        *((name, ("model", "belief", "share", name)) for name in belief.share),
        *((name, ("model", "rides_on", name)) for name in config.model.rides_on),
        *((name, ("model", "demand", place)) for place, name in enumerate(config.model.demand_of)),
    ]


def _of_guardrails(config: Config) -> Named:
    """Channels that the guardrails name, and where."""
    rails = config.guardrails
    return [
        *((name, ("guardrails", "attributed", name)) for name in rails.attributed),
        *((name, ("guardrails", "platform_reported", name)) for name in rails.platform_reported),
        *((name, ("guardrails", "benchmarks", name)) for name in rails.benchmarks if name != "blended"),
        *((name, ("guardrails", "backups", "channels", place)) for place, name in enumerate(rails.backups.channels)),
    ]


def _of_riders(config: Config) -> Named:
    """What riders are said to ride on, and where."""
    return [
        (name, ("model", "rides_on", rider, position))
        for rider, drivers in config.model.rides_on.items()
        for position, name in enumerate(drivers)
    ]


def _of_present_spend(config: Config) -> Named:
    """Channels whose spend up to now the plan states, and where; new ones have none."""
    if config.plan is None:
        return []
    spent = config.plan.schedule.spent if config.plan.schedule else None
    return [
        *((name, ("plan", "now", name)) for name in config.plan.now or {}),
        *((name, ("plan", "schedule", "spent", name)) for name in (spent if isinstance(spent, dict) else {})),
    ]


def _of_the_plan(config: Config) -> Named:
    """Channels that plan and scenarios name, and where."""
    if config.plan is None:
        return []
    schedule = config.plan.schedule
    return [
        *_of_a_question(config.plan, ("plan",)),
        *((name, ("plan", "schedule", "weekly", name)) for name in (schedule.weekly if schedule else {})),
        *(
            (name, ("plan", "hidden_demand", "channels", position))
            for position, name in enumerate(config.plan.hidden_demand.channels if config.plan.hidden_demand else [])
        ),
        *(
            each
            for number, scenario in enumerate(config.scenarios)
            if scenario.instead is not None
            for each in _of_a_question(scenario.instead, ("scenarios", number, "instead"))
        ),
        *(
            (name, ("scenarios", number, key, position))
            for number, scenario in enumerate(config.scenarios)
            for key, names in (("off", scenario.off), ("cost", list(scenario.cost)))
            for position, name in (enumerate(names) if key == "off" else zip(names, names, strict=True))
        ),
    ]


def _of_a_question(question: Question, at: tuple[str | int, ...]) -> Named:
    """Channels that a question names, and where."""
    return [
        *((name, (*at, "channels", name)) for name in question.channels),
        *(
            (name, (*at, "custom", key, "weights", name))
            for key, own in question.custom.items()
            for name in own.weights
        ),
        *((name, (*at, "value_per_customer", name)) for name in _by_channel(question.value_per_customer)),
        *(
            (name, (*at, "groups", group, "channels", position))
            for group, limits in question.groups.items()
            for position, name in enumerate(limits.channels)
        ),
    ]


def _by_channel(stated: object) -> list[str]:
    return list(stated) if isinstance(stated, dict) else []


def _misfits(config: Config, document: Document) -> Iterator[str]:
    """What does not fit together in the plan, and in the plan as each scenario has it."""
    if config.plan is None or config.data.weekly is None:
        return
    channels = [*config.data.weekly.channels, *config.plan.without_history]
    yield from _markets_unnamed(config, document)
    yield from misfits(config.plan, channels, document)
    for number, scenario in enumerate(config.scenarios):
        at = ("scenarios", number, "instead")
        if scenario.instead is not None:
            yield from misfits(scenario.section(config.plan), channels, document, at)


def _markets_unnamed(config: Config, document: Document) -> Iterator[str]:
    """Limits of markets where the file names no column of them."""
    if config.plan is None or config.data.weekly is None or config.data.weekly.geo is not None:
        return
    asked: list[tuple[Question, Place]] = [(config.plan, ("plan",))]
    asked += [
        (scenario.instead, ("scenarios", number, "instead"))
        for number, scenario in enumerate(config.scenarios)
        if scenario.instead is not None
    ]
    for question, at in asked:
        if question.markets:
            yield document.error((*at, "markets"), "limits markets; name their column with data.weekly.geo.")


def _rates_missing(config: Config, document: Document) -> Iterator[str]:
    """Currencies of columns without a rate, and a rate of the plan's own currency."""
    weekly, rates = config.data.weekly, config.rates
    if config.currency in config.currencies:
        text = f"is the currency of the plan itself, of which one costs one {config.currency}; remove it."
        yield document.error(("currencies", config.currency), text)
    for channel, code in ({} if weekly is None else weekly.currency_of).items():
        try:
            rates.rate(code)
        except ValueError as error:
            yield document.error(("data", "weekly", "currency_of", channel), f"{error}.")


def _unknown_competitor(config: Config, document: Document) -> Iterator[str]:
    """A control that the stress library names and the weekly table does not have."""
    name = None if config.stress is None else config.stress.competitor
    known = [] if config.data.weekly is None else list(config.data.weekly.controls)
    if name is not None and known and name not in known:
        close = nearest(name, known)
        hint = f"Did you mean {close!r}?" if close else f"Controls: {', '.join(known[:8])}."
        yield document.error(("stress", "competitor"), f"unknown control {name!r}. {hint}")


def _repeated_scenarios(config: Config, document: Document) -> list[str]:
    names = [" ".join(scenario.name.split()).casefold() for scenario in config.scenarios]
    return [
        document.error(("scenarios", number, "name"), f"{scenario.name!r} is used before; give each its own name.")
        for number, scenario in enumerate(config.scenarios)
        if names[number] in names[:number]
    ]

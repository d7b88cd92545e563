"""What every section of the plan file shares: no unknown keys, and the forms of names, durations and codes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

__all__ = ["CountryCode", "CurrencyCode", "Duration", "Month", "Name", "Repeats", "Section", "Title"]


def _matching(pattern: str, what: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"{value!r} is not {what}")
        return value

    return AfterValidator(check)


def _with_unit(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"{value:g} has no unit; write {value:g}D for days or {value:g}H for hours")
    return value


def _shown(value: str) -> str:
    shown = value.rstrip("\n")  # what a text block ends in
    if not shown.strip():
        raise ValueError(f"{value!r} is empty")
    if any(unicodedata.category(sign) == "Cc" for sign in shown):
        raise ValueError(f"{value!r} holds a control character, such as a line break or a tab; write it without")
    return value


Name = Annotated[str, Field(min_length=1, max_length=200)]
Title = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_shown)]
"""A name that outputs show, and workbooks and terminals have to take; a column's may hold line breaks."""
Repeats = Annotated[
    str,
    BeforeValidator(_with_unit),
    _matching(r"day|0*[1-9]\d*(min|[DHdh])", "a time between repeats; write for example 30min, or day for once a day"),
]
Duration = Annotated[
    str,
    BeforeValidator(_with_unit),
    _matching(r"0*[1-9]\d*[DHdh]", "a duration; write for example 30D (days) or 12H (hours)"),
]
CurrencyCode = Annotated[str, _matching(r"[A-Z]{3}", "a currency code; write three capitals, for example EUR")]
Month = Annotated[str, _matching(r"\d{4}-(0[1-9]|1[0-2])", "a month; write for example 2026-12")]
CountryCode = Annotated[str, _matching(r"[A-Z]{2}", "a country code; write two capitals, for example DE")]


class Section(BaseModel):
    """A part of the plan file."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
        allow_inf_nan=False,
        defer_build=True,  # most sections are read as parts of the whole file alone
    )

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_is_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        held = value.values() if isinstance(value, dict) else (value,)
        if any(isinstance(one, bool) for one in held):
            kinds = set(_kinds(cls.model_fields[info.field_name or ""].annotation))
            if bool not in kinds and kinds & {int, float}:
                raise ValueError("true and false are no numbers")
        return value


def _kinds(annotation: Any) -> Iterator[Any]:
    """Types that an annotation is made of."""
    inner = get_args(annotation)
    yield from (kind for each in inner for kind in _kinds(each)) if inner else (annotation,)

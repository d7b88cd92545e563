"""Figures as people read them, whatever the currency: no exponent, no lost digits, sums that still look like sums."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.numbers import amount, compact, gap, plain, significant

UNITS = [1e-5, 1e-3, 0.1, 1.0, 1e3, 1e9]


def read(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


@given(st.floats(1e-5, 1e12), st.booleans())
def test_money_keeps_two_digits_at_least_and_never_an_exponent(size: float, negative: bool) -> None:
    value = -size if negative else size
    text = amount(value)
    assert re.fullmatch(r"−?[\d,]+(\.\d+)?", text)
    assert read(text) == pytest.approx(value, rel=5e-3 if size >= 1e-4 else 5e-2)


@given(st.floats(1e-10, 1e15))
def test_no_figure_has_an_exponent(value: float) -> None:
    for written in (plain, significant):
        assert re.fullmatch(r"[\d,]+(\.\d+)?", written(value)), written
        assert read(written(value)) == pytest.approx(value, rel=5e-2)
    assert "e" not in compact(value).replace("bn", "")


@pytest.mark.parametrize("unit", UNITS)
def test_money_of_a_plan_can_be_told_from_what_it_was_in_any_unit(unit: float) -> None:
    now, planned = 0.1003 * 1000 * unit, 0.0698 * 1000 * unit
    assert amount(now) != amount(planned)
    assert read(amount(now)) - read(amount(planned)) == pytest.approx(now - planned, rel=2e-2)


def test_whole_things_stay_whole_and_next_to_nothing_is_nothing() -> None:
    assert [amount(value) for value in (0, 3, 12.0, 99, 1e-9, -1e-12)] == ["0", "3", "12", "99", "0", "0"]
    assert amount(math.nan) == amount(math.inf) == "–"


def test_a_distance_without_a_measure_is_bounded() -> None:
    said = [gap(value).replace("\u00a0", " ") for value in (0.0, 0.0123, 1.0, 8e297, math.inf, math.nan)]
    assert said == ["less than 0.1 %", "1.3 %", "100.0 %", *["more than 1000 %"] * 3]

"""Numbers as people read them: what is written can be read back, and claims no more than it knows."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution import numbers

FINITE = st.floats(-1e13, 1e13, allow_nan=False)
COARSEST = {  # how far what is written may lie from the number: in units, as a share of it
    numbers.amount: (0.5, 0.0),
    numbers.count: (0.5, 0.005),
    numbers.cost: (0.0, 0.005),
    numbers.compact: (0.0, 0.005),
    numbers.percent: (0.005, 0.0),
    numbers.plain: (0.0, 0.0005),
    numbers.significant: (0.0, 0.05),
}
FORMS = list(COARSEST)
UNITS = {"%": 0.01, "k": 1e3, "M": 1e6, "bn": 1e9}


def read(text: str) -> float:
    """A person's reading of a number."""
    parts = re.fullmatch(r"([−+]?)([\d,]*\.?\d+(?:e[−+]\d+)?)\s?(%|k|M|bn)?", text)
    assert parts, text
    figure = float(parts[2].replace(",", "").replace("−", "-"))
    return (-1 if parts[1] == "−" else 1) * figure * UNITS.get(parts[3], 1.0)


@pytest.mark.parametrize("form", FORMS)
@given(value=FINITE)
def test_what_is_written_reads_as_the_number_it_stands_for(form, value: float) -> None:
    units, share = COARSEST[form]
    assert read(form(value)) == pytest.approx(
        value, abs=(units + share * abs(value)) * (1 + 1e-9) + 1e-12 * (1 + abs(value))
    )


@pytest.mark.parametrize("form", [*FORMS[:6], lambda value: numbers.decimal(value, 2)])
def test_a_minus_sign_is_one_and_what_is_not_there_is_not_a_number(form) -> None:
    assert form(-12.5).startswith("−")
    assert "-" not in form(-12.5)
    assert form(math.nan) == numbers.MISSING


@pytest.mark.parametrize("form", FORMS)
@given(value=st.floats(0.1, 1e12))
def test_nobody_reads_powers_of_ten_in_figures_that_have_digits(form, value: float) -> None:
    assert "e" not in form(value)
    assert "e" not in form(-value)


@given(st.floats(0, 1))
def test_a_probability_never_claims_certainty(chance: float) -> None:
    assert numbers.likelihood(chance).removesuffix("\u00a0%") not in {"0", "100"}


@given(st.floats(0, 0.5))
def test_a_proved_distance_is_never_understated(distance: float) -> None:
    text = numbers.gap(distance)
    assert read(text.removeprefix("less than ")) >= distance - 1e-12


@given(st.floats(1, 1e9), st.floats(0, 1e9))
def test_a_change_has_the_sign_of_the_difference(before: float, after: float) -> None:
    text = numbers.change(before, after)
    if abs(after - before) > 0.011 * max(before, after):
        assert text.startswith("+" if after > before else "−")


def test_another_locale_has_marks_of_its_own() -> None:
    german = numbers.Locale(thousands=".", decimal=",", units=(" Tsd.", " Mio.", " Mrd."))
    assert german.written(-1_234_567.891, ",.2f") == "−1.234.567,89"


@given(st.floats(1e-5, 1e12), st.booleans())
def test_money_keeps_two_digits_at_least_in_any_unit(size: float, negative: bool) -> None:
    value = -size if negative else size
    text = numbers.amount(value)
    assert re.fullmatch(r"−?[\d,]+(\.\d+)?", text)
    assert read(text) == pytest.approx(value, rel=5e-3 if size >= 1e-4 else 5e-2)


@given(st.floats(1e-10, 1e15))
def test_no_figure_has_an_exponent(value: float) -> None:
    for form in (numbers.plain, numbers.significant, numbers.compact):
        assert "e" not in form(value)
        assert read(form(value)) == pytest.approx(value, rel=5e-2)


@pytest.mark.parametrize("unit", [1e-5, 1e-3, 0.1, 1.0, 1e3, 1e9])
def test_money_of_a_plan_can_be_told_from_what_it_was(unit: float) -> None:
    now, planned = 0.1003 * 1000 * unit, 0.0698 * 1000 * unit
    written = read(numbers.amount(now)) - read(numbers.amount(planned))
    assert written == pytest.approx(now - planned, rel=2e-2)


def test_whole_things_stay_whole_and_next_to_nothing_is_nothing() -> None:
    whole = [numbers.amount(value) for value in (0, 3, 12.0, 99, 1e-9, -1e-12)]
    assert whole == ["0", "3", "12", "99", "0", "0"]


def test_a_distance_without_a_measure_is_bounded() -> None:
    said = [numbers.gap(value).replace("\u00a0", " ") for value in (0.0, 0.0123, 1.0, 8e297, math.inf, math.nan)]
    assert said == ["less than 0.1 %", "1.3 %", "100.0 %", *["more than 1000 %"] * 3]

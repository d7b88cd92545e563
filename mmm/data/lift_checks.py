"""What lift tests say of themselves before any data speak: windows, signs, tests of the same weeks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from attribution.findings import Finding
from attribution.numbers import plain
from mmm.data.lift_tests import LiftTest
from mmm.data.outside_tests import rows_of, stand_in
from mmm.data.panel import Panel

__all__ = ["check_tests", "same_weeks"]

_COUNTED = 0.9  # of the square root of the customers gained


def check_tests(tests: Sequence[LiftTest], panel: Panel) -> tuple[Finding, ...]:
    """Findings on the lift tests of a panel that need no fit; nothing where there are none."""
    if not tests:
        return ()
    return _windows(tests, panel), _overlaps(tests), _signs(tests), _errors(tests, panel), *_outside(tests, panel)


def same_weeks(one: LiftTest, other: LiftTest) -> bool:
    """Whether two tests of a channel share days and customers, so that one is no second witness of the other."""
    geos = [set(map(str.strip, test.geo.split(";"))) for test in (one, other)]
    together = geos[0] & geos[1] or "" in geos[0] | geos[1]
    alike = one.channel == other.channel and one.outside == other.outside and bool(together)
    return alike and max(_day(one.start), _day(other.start)) <= min(_day(one.end), _day(other.end))


def _windows(tests: Sequence[LiftTest], panel: Panel) -> Finding:
    """Whether tests begin and end with the panel's periods."""
    edges = panel.dates.append(panel.after(1))
    cut, channels = [], []
    for m, test in enumerate(tests):
        if test.outside > 0:
            continue
        begin, end = rows_of(test, panel)
        first, last = edges[begin], edges[end] - pd.Timedelta(days=1)
        if (first, last) != (_day(test.start), _day(test.end)):
            cut.append(f"{m + 1} counts as if over {first.date()} to {last.date()}")
            channels.append(test.channel)
    text = "Every lift test begins and ends with a period of the panel."
    if cut:
        text = f"Lift test {', '.join(cut)}: what came in those periods but outside its own days is taken for its gain."
    return Finding("lift_windows", not cut, float(len(cut)), 0.0, text, _once(channels))


def _overlaps(tests: Sequence[LiftTest]) -> Finding:
    """Whether two tests of one channel and geo share days."""
    pairs = [(a, b) for b in range(len(tests)) for a in range(b) if same_weeks(tests[a], tests[b])]
    text = "No two lift tests of a channel share days."
    if pairs:
        named = ", ".join(f"{a + 1} and {b + 1} of {tests[a].channel}" for a, b in pairs)
        text = (
            f"Lift tests {named} share days: customers of those days count twice, and the channel's interval is too "
            "narrow. Keep one of them, or give each its own days."
        )
    return Finding("lift_overlaps", not pairs, float(len(pairs)), 0.0, text, _once(tests[a].channel for a, _ in pairs))


def _signs(tests: Sequence[LiftTest]) -> Finding:
    """Whether customers were gained where spend was added, and lost where it was taken away."""
    odd = [m for m, test in enumerate(tests) if test.customers_gained * test.spend_change < 0]
    text = "Every lift test gained customers by more spend, or lost them by less."
    if odd:
        named = ", ".join(f"{m + 1} of {tests[m].channel}" for m in odd)
        text = (
            f"Lift test {named} lost customers by more spend, or gained them by less. The model knows no harmful "
            "spend: as far as the test counts it is read as an effect near zero, and where the harm is real the "
            "channel's contribution is too high. Where only the sign is wrong (a hold-out has a negative "
            "spend_change), correct it."
        )
    return Finding("lift_signs", not odd, float(len(odd)), 0.0, text, _once(tests[m].channel for m in odd))


def _errors(tests: Sequence[LiftTest], panel: Panel) -> Finding:
    """Whether every test of a KPI of whole numbers is as uncertain as counting its customers alone makes it."""
    counts = bool((panel.kpi == np.rint(panel.kpi)).all())
    odd = [test for test in tests if counts and test.standard_error < _COUNTED * abs(test.customers_gained) ** 0.5]
    text = "No lift test has a smaller standard error than counting its customers has."
    if odd:
        told = "; ".join(
            f"{tests.index(test) + 1} of {test.channel} ({plain(test.customers_gained)} with a standard error of "
            f"{plain(test.standard_error)}, where counting so many has {plain(abs(test.customers_gained) ** 0.5)})"
            for test in odd
        )
        text = (
            f"Surer than counting allows: lift test {told}. Give customers of the whole window and the standard error "
            "of that figure: no percentages or shares, no customers per week, no error relative to the gain."
        )
    return Finding("lift_errors", not odd, float(len(odd)), 0.0, text, _once(test.channel for test in odd))


def _outside(tests: Sequence[LiftTest], panel: Panel) -> Iterator[Finding]:
    """What tests from outside the panel are taken for."""
    moved = []
    for m, test in enumerate(tests):
        if test.outside > 0:
            here = stand_in(test, panel)
            moved.append(
                f"{m + 1} of {test.channel} counts as if it had run from {here.start} to {here.end}, with a spend "
                f"change of {plain(here.spend_change)}, {plain(here.customers_gained)} customers gained and a standard "
                f"error of {plain(here.standard_error)}"
            )
    if moved:
        text = f"From outside the panel: lift test {'; '.join(moved)}."
        yield Finding("lift_outside", True, float(len(moved)), None, text)


def _day(text: str) -> pd.Timestamp:
    return pd.Timestamp(text)


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))

"""Cohort tables: what no cohort can do is refused with table, column and row, all of it at once, in both forms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from attribution import BadInput
from attribution.economics import cohorts_of_orders, read_cohorts


def table(**changes: object) -> pd.DataFrame:
    """Two channels, three months, seen until March."""
    rows = [
        (f"2026-0{month}-01", channel, age, 100 * 0.8**age)
        for channel in ("tv", "search")
        for month in (1, 2, 3)
        for age in range(4 - month)
    ]
    frame = pd.DataFrame(rows, columns=["month", "channel", "age", "active"]).round(0)
    return frame.assign(**changes)


def problem(frame: pd.DataFrame, **options: object) -> str:
    with pytest.raises(BadInput) as raised:
        read_cohorts(frame, **options)  # type: ignore[arg-type]
    return str(raised.value)


def at(frame: pd.DataFrame, row: int, column: str, value: object) -> pd.DataFrame:
    changed = frame.astype({column: object}) if isinstance(value, str) else frame
    changed.loc[row, column] = value
    return changed


BAD = {
    "survivors grow": (lambda f: at(f, 1, "active", 101.0), "survivors grow: the cohort of 2026-01, tv, has 101 at age 1"),
    "survivors grow back": (lambda f: at(f, 2, "active", 90.0), "survivors grow"),
    "ages jump": (lambda f: f.drop(1), "ages jump: the cohort of 2026-01, tv, has no row of age 1"),
    "no age 0": (lambda f: f.drop(0), "has no age 0"),
    "fractions of ages": (lambda f: at(f.astype({"age": float}), 1, "age", 0.5), "is no whole number"),
    "negative ages": (lambda f: at(f, 1, "age", -1), "is negative"),
    "negative survivors": (lambda f: at(f, 1, "active", -1.0), "is negative"),
    "shares": (lambda f: f.assign(active=f["active"] / 100), "shares of customers"),
    "per cent": (lambda f: f.assign(active=[[100.0, 80.5, 64.2][age] for age in f["age"]]), "shares of customers"),
    "nobody": (lambda f: at(f, 5, "active", 0.0), "has nobody at age 0"),
    "twice in a month": (lambda f: pd.concat([f, f.head(1).assign(month="2026-01-15")]), "stands in several rows"),
    "negative margins": (lambda f: f.assign(margin=-1.0), "is negative"),
    "currencies": (lambda f: f.assign(currency=["EUR"] * 11 + ["USD"]), "mixes currencies: EUR, USD"),
    "an empty margin": (lambda f: f.assign(margin=[1.0] * 11 + [np.nan]), "is empty"),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "text"), BAD.values(), ids=BAD)
def test_what_no_cohort_can_do_is_refused(spoil: object, text: str) -> None:
    assert text in problem(spoil(table()))  # type: ignore[operator]


def test_problems_come_all_at_once_with_their_rows() -> None:
    said = problem(at(table().drop(7), 1, "active", 150.0))
    assert "survivors grow" in said
    assert "row 3" in said
    assert "ages jump" in said


def test_negative_margins_may_be_meant() -> None:
    assert read_cohorts(table(margin=-1.0), negative_margins=True).has_margin


def test_one_currency_in_two_spellings_is_one() -> None:
    assert read_cohorts(table(currency=["EUR", " eur"] * 6)).currency == "EUR"


def test_cohorts_of_a_hundred_customers_each_are_no_shares() -> None:
    assert read_cohorts(table()).acquired("tv") == 300


def triangle(future: object) -> pd.DataFrame:
    return pd.DataFrame(
        {"month": ["2026-01", "2026-02", "2026-03"], "channel": "tv", "m0": [100, 90, 80], "m1": [80, 70, future],
         "m2": [60, future, future]}
    )  # fmt: skip


def test_a_triangle_is_the_long_table() -> None:
    long = read_cohorts(triangle(None).assign(month=lambda f: f["month"] + "-01")).frame
    assert long[["age", "active"]].to_numpy().tolist() == [[0, 100], [1, 80], [2, 60], [0, 90], [1, 70], [0, 80]]


@pytest.mark.parametrize("months", [1, 3])
def test_months_to_come_written_0_are_no_losses(months: int) -> None:
    step = pd.DateOffset(months=months)
    start = pd.Timestamp("2025-01-01")
    rows = [(start + step * i, "tv", age, 100.0 if age < 3 - i else 0.0) for i in range(3) for age in range(3)]
    frame = pd.DataFrame(rows, columns=["month", "channel", "age", "active"])
    assert "the months to come seem to be written 0" in problem(frame, months=months)


def test_a_cohort_that_dies_out_before_the_end_is_no_fault() -> None:
    frame = at(at(table(), 1, "active", 0.0), 2, "active", 0.0)
    assert np.allclose(read_cohorts(frame).survival("tv"), [1, 0.4, 0.4])  # nobody is left to see at age 2


def test_a_file_with_german_numbers(tmp_path: Path) -> None:
    from attribution import Format

    text = "monat;kanal;alter;aktiv;deckung\n" + "".join(
        f"01.0{m}.2026;tv;{age};1.{900 - 100 * age};2.000,5\n" for m in (1, 2) for age in range(3 - m)
    )
    (tmp_path / "k.csv").write_text(text, encoding="utf-8")
    columns = {"month": "monat", "channel": "kanal", "age": "alter", "active": "aktiv", "margin": "deckung"}
    cohorts = read_cohorts(
        tmp_path / "k.csv", columns, format=Format(decimal=",", thousands=".", date_format="%d.%m.%Y")
    )
    assert cohorts.acquired("tv") == 3800
    assert cohorts.frame["margin"].tolist() == [2000.5] * 3


def test_survival_counts_young_cohorts_as_long_as_they_are_seen() -> None:
    cohorts = read_cohorts(table())
    at_risk, left = cohorts.exits("tv")
    assert at_risk.tolist() == [200, 80]
    assert left.tolist() == [40, 16]
    assert np.allclose(cohorts.survival("tv"), [1, 0.8, 0.64])


def test_what_was_known_at_a_months_end() -> None:
    early = read_cohorts(table()).before(pd.Timestamp("2026-02-01"))
    assert early.frame.groupby("channel")["age"].apply(list).tolist() == [[0, 1, 0], [0, 1, 0]]
    assert f"{early.last_month:%Y-%m}" == "2026-02"


def orders(rows: list[tuple[str, str, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["customer", "date", "margin"]).assign(channel="tv")


def test_orders_make_cohorts_that_never_grow_and_leave_out_what_nobody_knows() -> None:
    """Against a plain count over customers, of orders at random."""
    rng = np.random.default_rng(2)
    rows = [
        (f"c{c}", f"{pd.Period('2025-01', 'M') + start + gap}-15", float(rng.integers(1, 50)))
        for c in range(80)
        for start in [int(rng.integers(0, 8))]
        for gap in {0, *rng.integers(0, 12 - start, rng.integers(0, 4)).tolist()}
    ]
    frame = orders(rows)
    made = cohorts_of_orders(frame, silence=3)
    assert (made.of("tv")["active"] <= made.of("tv")["before"].fillna(np.inf)).all()
    month = pd.PeriodIndex(frame["date"], freq="M")
    first, last = (month.to_series(index=frame["customer"]).groupby(level=0).agg(end) for end in ("min", "max"))
    seen = month.max() - 3
    assert f"{made.last_month:%Y-%m}" == str(seen)
    for row in made.frame.itertuples():
        at = pd.Period(row.month, "M")
        assert row.active == ((first == at) & (last >= at + row.age)).sum()
        mine = frame[(first.loc[frame["customer"]] == at).to_numpy() & (month == at + row.age)]
        assert row.margin == mine["margin"].sum()


def test_orders_that_cover_no_more_than_the_silence_are_refused() -> None:
    with pytest.raises(BadInput, match="no more than the silence of 3 months"):
        cohorts_of_orders(orders([("a", "2026-01-03", 1.0), ("b", "2026-02-03", 1.0)]), silence=3)
    with pytest.raises(BadInput, match="at least 1"):
        cohorts_of_orders(orders([("a", "2026-01-03", 1.0)]), silence=0)


def test_names_are_functions_whatever_was_imported_before() -> None:
    """A module of a function's name would take its place at the front door."""
    import importlib
    import inspect
    import pkgutil

    from attribution import economics

    for module in pkgutil.iter_modules(economics.__path__):
        importlib.import_module(f"attribution.economics.{module.name}")
    assert not [name for name in economics.__all__ if inspect.ismodule(getattr(economics, name))]

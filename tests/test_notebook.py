"""What a notebook meets: short lines, tables that fit, names that are public, and one word for a thing of the wrong kind."""

from __future__ import annotations

import importlib
import inspect
import re
import types
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import attribution
import mmm
import optimizer
import optimizer.planning.stages.result
from attribution.errors import BadInput
from attribution.shown import LINE, ROWS, in_short, shown, table_html
from mmm.sampling.watching import watched

QUARTER = Path(__file__).resolve().parents[1] / "examples" / "quarter"
CHANNELS = ["tv", "paid_social", "generic_search", "brand_search"]
DOORS = ("attribution", "attribution.economics", "mmm", "mmm.curves", "optimizer")
MODULES = ("attribution.plots", "mmm.plots", "optimizer.plots", "attribution.simulate", "mmm.simulate")
SHORT = {str, int, float, bool, type(None)}
HOSTILE = "<script>alert(1)</script>\n\x07" * 100


def public_kinds() -> Iterator[type]:
    for door in DOORS:
        for value in (getattr(importlib.import_module(door), name) for name in importlib.import_module(door).__all__):
            if inspect.isclass(value) and is_dataclass(value) and not issubclass(value, Exception):
                yield value
    for value in vars(optimizer.planning.stages.result).values():
        if (
            inspect.isclass(value)
            and is_dataclass(value)
            and value.__module__ == optimizer.planning.stages.result.__name__
        ):
            yield value


KINDS = sorted(set(public_kinds()), key=lambda kind: (kind.__module__, kind.__name__))


@cache
def long_values() -> tuple[Any, ...]:
    return (
        pd.DataFrame(np.random.default_rng(0).normal(size=(500, 50))), pd.Series(np.arange(9_000.0)),
        np.zeros((4, 1000, 8)), {f"{HOSTILE}{n}": np.arange(99) for n in range(200)}, (HOSTILE,) * 300, HOSTILE,
        tuple(pd.Series(range(99)) for _ in range(50)), pd.date_range("2024-01-01", periods=900),
    )  # fmt: skip


def filled(kind: type) -> Any:
    """A value whose every field holds more than fits on a line."""
    value, long = object.__new__(kind), long_values()
    for place, one in enumerate(fields(kind)):
        object.__setattr__(value, one.name, long[place % len(long)])
    return value


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_no_public_value_fills_a_page(kind: type) -> None:
    """Whatever its fields hold; a class that writes a line of its own is met in the test of results."""
    if hasattr(kind, "_repr_html_"):
        if not hasattr(kind.__repr__, "__wrapped__") and kind.__repr__.__module__ == shown.__module__:
            line = repr(filled(kind))
            assert len(line) <= LINE
            assert line.startswith(f"{kind.__name__}(")
            assert "\n" not in line
        return
    hints = [one.type for one in fields(kind)]
    assert not [
        hint for hint in hints if re.search(r"Array|Frame|Series|Mapping|dict|tuple|Sequence|object", str(hint))
    ]


def returned_by_public_functions() -> Iterator[type]:
    """Public classes that a public function or method hands out."""
    names = {kind.__name__: kind for kind in KINDS}
    for door in DOORS:
        module = importlib.import_module(door)
        for value in (getattr(module, name) for name in module.__all__):
            members = [value] if inspect.isfunction(value) else []
            if inspect.isclass(value):
                parts = [getattr(part, "__func__", part) for part in vars(value).values()]
                members = [part for part in parts if inspect.isfunction(part)]
            for member in members:
                for word in re.findall(r"\w+", str(member.__annotations__.get("return", ""))):
                    if word in names:
                        yield names[word]


SETTINGS = {"LogNormal", "Season", "Columns", "Arm", "LiftTest", "Scenario", "Query", "Objective", "Promise"}


@pytest.mark.parametrize("kind", sorted(set(returned_by_public_functions()), key=lambda kind: kind.__name__))
def test_every_result_has_a_page_in_a_notebook(kind: type) -> None:
    assert kind.__name__ in SETTINGS or callable(getattr(kind, "_repr_html_", None))


@pytest.fixture(scope="module")
def panel() -> mmm.Panel:
    weekly = pd.read_csv(QUARTER / "weekly.csv")
    return mmm.Panel.from_frame(weekly, date="week", kpi="new_customers", spend=CHANNELS, controls=["sale"])


@pytest.fixture(scope="module")
def posterior(panel: mmm.Panel) -> mmm.Posterior:
    return mmm.preview(panel, draws=200)


@pytest.fixture(scope="module")
def results(panel: mmm.Panel, posterior: mmm.Posterior) -> list[Any]:
    """One of each result that an analyst looks at on the way to a plan."""
    paths = pd.DataFrame({"path": ["a > b", f"b > {HOSTILE[:7]}", "a"], "conversions": [3, 2, 1], "nulls": [5, 4, 3]})
    journeys = attribution.Journeys.from_paths(paths, nulls="nulls")
    curves, organic = posterior.curves(weeks=13), posterior.organic(weeks=13)
    now = panel.national_spend.tail(13).sum()
    promise = optimizer.Customers(at_least=0.9 * float(np.mean(organic.predicted + curves.customers(now))))
    plan = optimizer.Plan(
        minimize=optimizer.BlendedCAC(fixed_cost=1e5, organic=organic.predicted), subject_to=[promise], now=now
    )
    allocation = plan.solve(curves)
    return [
        journeys, attribution.Markov()(journeys), attribution.bootstrap(journeys, attribution.Linear(), replicates=5),
        panel, posterior, curves, curves["tv"], organic, plan, allocation, plan.certify(curves, now),
        plan.evaluate(curves, now), optimizer.worth(plan, curves, allocation.spend), posterior.diagnostics[0],
        optimizer.compare(plan, curves, [optimizer.ChannelOff("tv")]), posterior.model,
        *optimizer.tipping_points(plan, curves, allocation.spend)[:1],
    ]  # fmt: skip


def test_results_are_a_line_and_a_table(results: list[Any]) -> None:
    for result in results:
        line, page = repr(result), result._repr_html_()
        assert len(line) <= LINE, type(result)
        assert "\n" not in line
        assert len(page) < 20_000
        assert "<script" not in page
        assert page.count("<table") == page.count("</table>")


def test_an_unconverged_fit_says_so_wherever_it_is_looked_at(posterior: mmm.Posterior) -> None:
    assert not posterior.converged
    assert "NOT converged" in repr(posterior)
    assert "A preview around the posterior" in posterior._repr_html_()


def test_a_field_in_short() -> None:
    assert in_short(np.float64(1 / 3)) == "0.333333"
    assert in_short(None) == "None"
    assert in_short([]) == "()"
    assert len(in_short(HOSTILE)) < 100
    assert len(in_short({HOSTILE: HOSTILE})) < 100
    assert table_html(pd.Series(np.arange(5_000.0))).count("<tr") <= ROWS + 3


# names


@pytest.mark.parametrize("name", [*DOORS, *MODULES, "attribution.errors", "attribution.tables"])
def test_completion_shows_what_is_public_and_nothing_else(name: str) -> None:
    owner, _, part = name.rpartition(".")
    module = getattr(importlib.import_module(owner), part) if owner else importlib.import_module(name)
    assert dir(module) == sorted(module.__all__)
    assert not {"np", "pd", "dot_rows", "annotations", "Any"} & set(dir(module))
    for one in module.__all__:
        value = getattr(module, one)
        assert not isinstance(value, types.ModuleType) or value.__name__.startswith(name)


HELPERS = {"LEARNT", "SHOWN", "canvas", "channel_colours", "style", "svg"}


@pytest.mark.parametrize("name", MODULES[:3])
def test_plots_take_axes_and_return_them(name: str) -> None:
    module = importlib.import_module(name)
    for plot in set(module.__all__) - HELPERS:
        function = getattr(module, plot)
        asked = inspect.signature(function).parameters
        assert asked["ax"].default is None, plot
        assert function.__annotations__["return"] == "Axes", plot


# a thing of another kind


WRONG = {
    "a frame is fitted": (lambda frame: mmm.fit(frame), "Panel.from_frame"),
    "a frame is previewed": (lambda frame: mmm.preview(frame), "Panel.from_frame"),
    "nothing is fitted": (lambda frame: mmm.fit(None), "Panel.from_frame"),
    "rivals of a frame": (lambda frame: mmm.rivals(frame), "mmm.fit"),
    "credit of a frame": (lambda frame: attribution.Markov()(frame), "from_touchpoints"),
    "intervals of a frame": (lambda frame: attribution.bootstrap(frame, attribution.Linear()), "from_touchpoints"),
    "a plan on a frame": (lambda frame: optimizer.Plan(maximize=optimizer.Customers()).solve(frame), "curve"),
    "a plan on a list": (
        lambda frame: optimizer.Plan(maximize=optimizer.Customers()).solve(["tv"]),
        "posterior.curves",
    ),
    "today as a list": (lambda frame: optimizer.Plan(maximize=optimizer.Customers(), now=[1.0]), "channel -> amount"),
    "controls as a list": (lambda frame: attribution.by_day([1, 2]), "polars"),
}


@pytest.mark.parametrize("asked", WRONG)
def test_a_thing_of_another_kind_gets_the_way_to_the_right_one(asked: str) -> None:
    call, way = WRONG[asked]
    with pytest.raises(BadInput, match=way) as told:
        call(pd.read_csv(QUARTER / "weekly.csv"))
    assert len(str(told.value)) < 2_500


def test_a_model_that_is_none_gets_the_way_to_one(panel: mmm.Panel) -> None:
    with pytest.raises(BadInput, match=r"mmm\.Model"):
        mmm.fit(panel, mmm.HillSaturation())
    with pytest.raises(BadInput, match="the class Model itself"):
        mmm.fit(panel, mmm.Model)


# progress


def told(share: float, note: str) -> tuple[float, str]:
    return share, note


def test_a_fit_shows_a_bar_and_one_alone(panel: mmm.Panel, capsys: pytest.CaptureFixture[str]) -> None:
    mmm.fit(panel, draws=50, tune=50, chains=2, progress=True, time_budget=0)
    said = capsys.readouterr()
    assert said.out == ""
    assert "Sampling [" in said.err
    assert "100%" in said.err
    assert len(said.err.splitlines()) < 5


def test_a_progress_that_fails_is_said_once_and_costs_no_fit(
    panel: mmm.Panel, capfd: pytest.CaptureFixture[str]
) -> None:
    calls = []

    def broken(state: mmm.Progress) -> None:
        calls.append(state)
        raise ZeroDivisionError("no screen")

    with pytest.warns(RuntimeWarning, match="ZeroDivisionError: no screen") as warned:
        posterior = mmm.fit(panel, draws=300, tune=300, chains=2, progress=broken, time_budget=0)
    assert posterior.n_draws == 600
    assert len(calls) == len(warned) == 1
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("wish", ["yes", 1, 0.5, [print]])
def test_a_progress_of_another_kind_is_refused(panel: mmm.Panel, wish: object) -> None:
    with pytest.raises(BadInput, match="True for a bar"):
        mmm.fit(panel, progress=wish)


@pytest.mark.parametrize("wish", [None, False])
def test_no_progress_is_silence(wish: bool | None, capfd: pytest.CaptureFixture[str]) -> None:
    with watched(wish, "Work", told) as watch:
        assert watch is None
    assert capfd.readouterr() == ("", "")


def test_a_terminal_is_drawn_over(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with watched(True, "Work", told) as watch:
        assert watch is not None
        watch(0.25, "a long note on what is going on")
        watch(0.5, "short")
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    lines = said.strip("\n").split("\r")[1:]
    assert [line.count("#") for line in lines] == [8, 15, 30]
    assert len(lines[1]) >= len(lines[0]), "what stood longer is covered"


# frames of other libraries


FRAMES: dict[str, Any] = {
    "polars": pl.from_pandas,
    "Arrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
}


def spend() -> pd.DataFrame:
    days = pd.date_range("2024-01-01", periods=60)
    parts = [pd.DataFrame({"date": days, "channel": name, "spend": 2.0}) for name in ("tv", "search")]
    return pd.concat(parts, ignore_index=True)


def timed() -> attribution.Journeys:
    touches = pd.DataFrame(
        {"user": list("abab"), "time": pd.to_datetime(["2024-01-03"] * 4), "channel": ["tv", "tv", "search", "search"]}
    )
    bought = pd.DataFrame({"user": ["a", "b"], "time": pd.to_datetime(["2024-01-09", "2024-02-20"]), "value": 1.0})
    return attribution.Journeys.from_touchpoints(touches, bought, lookback="60D")


ORDERS = pd.DataFrame({
    "customer": list("aabcd"), "channel": "tv", "margin": 5.0,
    "date": pd.to_datetime(["2026-01-03", "2026-03-09", "2026-01-20", "2026-06-30", "2026-02-01"]),
})  # fmt: skip
EVENTS = pd.DataFrame({"event": ["none", "fair", "none", "strike"]})
TAKEN: dict[str, tuple[pd.DataFrame, Any]] = {
    "by_day": (spend(), lambda frame: attribution.by_day(frame, "D")),
    "cac_by_channel": (spend(), lambda frame: attribution.cac_by_channel(timed(), attribution.Linear(), frame, replicates=2)),
    "cac_by_period": (spend(), lambda frame: attribution.cac_by_period(timed(), attribution.Linear(), frame, replicates=2)),
    "cohorts_of_orders": (ORDERS, lambda frame: attribution.economics.cohorts_of_orders(frame, 1).frame),
    "indicators": (EVENTS, lambda frame: mmm.indicators(frame, ["event"])[0]),
    "panel": (
        pd.read_csv(QUARTER / "weekly.csv"),
        lambda frame: mmm.Panel.from_frame(frame, "week", "new_customers", CHANNELS).national_spend,
    ),
    "paths": (
        pd.DataFrame({"path": ["a > b", "b"], "conversions": [2, 1]}),
        lambda frame: attribution.Markov()(attribution.Journeys.from_paths(frame)).conversions,
    ),
    "read_table": (spend(), lambda frame: attribution.read_table(frame, attribution.tables.SPEND)),
    "arms": (
        pd.DataFrame({"arm": ["A", "B"], "visitors": [100, 120], "conversions": [10, 13]}),
        lambda frame: pd.DataFrame([vars(arm) for arm in mmm.arms_from_frame(frame)]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("library", FRAMES)
@pytest.mark.parametrize("name", TAKEN)
def test_frames_of_other_libraries_are_read_as_pandas_frames_are(name: str, library: str) -> None:
    frame, ask = TAKEN[name]
    expected, given = ask(frame), ask(FRAMES[library](frame))
    same = pd.testing.assert_frame_equal if isinstance(expected, pd.DataFrame) else pd.testing.assert_series_equal
    same(given, expected, check_dtype=False, check_freq=False)


@pytest.mark.parametrize("library", FRAMES)
def test_coming_controls_of_other_libraries(posterior: mmm.Posterior, library: str) -> None:
    upcoming = pd.read_csv(QUARTER / "upcoming.csv", parse_dates=["week"])
    expected = posterior.organic(13, upcoming).predicted
    np.testing.assert_allclose(posterior.organic(13, FRAMES[library](upcoming)).predicted, expected)


def test_a_mapping_is_no_frame(posterior: mmm.Posterior) -> None:
    upcoming: Mapping[str, Any] = {"national": pl.read_csv(QUARTER / "upcoming.csv", try_parse_dates=True)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert posterior.organic(13, upcoming).predicted.shape == (200,)

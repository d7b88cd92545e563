"""Opinions side by side: which contradict, which test would settle it, and what is left to nobody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legibility import faults

from attribution import BadInput, Opinion, Opinions, Source, plots
from attribution.estimates import Estimate


def around(point: float, share: float = 0.1) -> Estimate:
    return Estimate(point, point * (1 - share), point * (1 + share))


def heard(customers: float = 1000.0, **by_source: dict[str, Estimate]) -> Opinions:
    sources = {
        "first": Source.ATTRIBUTION, "last": Source.ATTRIBUTION, "model": Source.MIX_MODEL,
        "test": Source.EXPERIMENT, "platform": Source.PLATFORM,
    }  # fmt: skip
    told = tuple(Opinion(name, sources[name], own) for name, own in by_source.items())
    return Opinions(told, customers, "these days")


def remedy(channels) -> str:
    return f"test {' and '.join(channels)}"


def finding(opinions: Opinions, name: str):
    return next(one for one in opinions.findings(remedy) if one.name == name)


FIRST = {"brand": around(100), "tv": around(200)}
LAST = {"brand": around(300), "tv": around(50)}


def test_an_effect_below_all_that_was_counted_is_flagged_with_its_test() -> None:
    model = {"brand": around(30, 0.5), "tv": around(120)}
    said = finding(
        heard(first=FIRST, last=LAST, model=model, platform={"brand": around(500)}), "counts_against_effects"
    )
    assert not said.passed
    assert said.channels == ("brand",)
    assert said.value == pytest.approx(0.3)
    for part in ("100 (first) to 300 (last)", "platform claims 500", "30.0 (15.0 to 45.0)", "test brand"):
        assert part in said.text


def test_an_effect_above_all_that_was_counted_is_flagged_too() -> None:
    model = {"brand": around(180), "tv": around(400)}
    assert finding(heard(first=FIRST, last=LAST, model=model), "counts_against_effects").channels == ("tv",)


def test_what_was_tested_needs_no_further_test() -> None:
    said = finding(heard(first=FIRST, test={"brand": around(30)}), "counts_against_effects")
    assert said.channels == ("brand",)
    assert "test brand" not in said.text
    assert "calibration.csv" in said.text


def test_the_experiment_speaks_before_the_mix_model() -> None:
    opinions = heard(first=FIRST, model={"brand": around(10), "tv": around(190)}, test={"brand": around(100)})
    assert opinions.effect("brand").name == "test"
    assert opinions.effect("tv").name == "model"
    assert finding(opinions, "counts_against_effects").passed
    other = finding(opinions, "experiment_against_mix_model")
    assert not other.passed
    assert other.channels == ("brand",)


def test_a_difference_within_intervals_or_a_quarter_is_none() -> None:
    opinions = heard(first={"tv": around(100, 0.01)}, model={"tv": around(85, 0.01)}, test={"tv": around(100, 0.01)})
    assert all(one.passed for one in opinions.findings(remedy))
    wide = heard(first={"tv": around(100, 0.01)}, model={"tv": Estimate(30.0, 1.0, 99.5)})
    assert finding(wide, "counts_against_effects").passed


def test_platforms_that_claim_more_than_all_are_named() -> None:
    said = finding(
        heard(platform={"brand": around(700), "tv": around(600)}, model={"tv": around(300)}),
        "platforms_claim_more_than_all",
    )
    assert not said.passed
    assert said.value == pytest.approx(1.3)
    assert "2.0 times what those channels bring" in said.text
    assert finding(heard(platform={"tv": around(600)}), "platforms_claim_more_than_all").passed


@given(
    effect=st.floats(0.1, 1e4), counts=st.lists(st.floats(0.1, 1e4), min_size=1, max_size=4), unit=st.floats(0.01, 100)
)
def test_verdicts_do_not_depend_on_the_unit(effect: float, counts: list[float], unit: float) -> None:
    def verdict(scale: float) -> tuple[bool, ...]:
        told = [Opinion(str(at), Source.ATTRIBUTION, {"tv": around(scale * one)}) for at, one in enumerate(counts)]
        told.append(Opinion("test", Source.EXPERIMENT, {"tv": around(scale * effect, 0.2)}))
        return tuple(one.passed for one in Opinions(tuple(told), scale * 1e5, "").findings(remedy))

    assert verdict(1.0) == verdict(unit)
    flagged = not verdict(1.0)[0]
    assert not (flagged and min(counts) <= effect <= max(counts))


def test_what_is_left_adds_up_and_an_experiment_leaves_nothing_to_name() -> None:
    left = heard(first=FIRST, test={"brand": around(30)}, platform={"tv": around(1400)}).left()
    assert left == {"first": 700.0, "platform": -400.0}


def test_every_figure_stands_with_what_it_can_know() -> None:
    table = heard(first=FIRST, last=LAST, test={"brand": around(30)}).to_frame()
    assert len(table) == 5
    assert table["can_know"].str.len().min() > 40
    assert set(table["source"]) == {"attribution", "experiment"}


def test_bad_opinions() -> None:
    with pytest.raises(BadInput, match="alike"):
        Opinions((Opinion("a", Source.MIX_MODEL, {}), Opinion("a", Source.PLATFORM, {})), 10.0, "")
    with pytest.raises(BadInput, match="0 customers"):
        heard(0.0, first=FIRST)


def test_the_picture_draws_every_figure_and_can_be_read() -> None:
    opinions = heard(
        first=FIRST, last=LAST, model={"brand": around(30), "tv": around(120)}, test={"brand": Estimate(-5.0, -40.0, 30.0)},
        platform={"brand": around(500)},
    )  # fmt: skip
    axes = plots.opinions(opinions, outcome="leads")
    assert axes.get_xlabel().startswith("leads, ")
    drawn = sum(len(line.get_xdata()) for line in axes.get_lines())
    assert drawn == 8
    assert [label.get_text() for label in axes.get_yticklabels()] == ["tv", "brand"]
    assert not faults(axes)

"""Geo tests: assignments, power, readouts of known truth, and what does not hold said."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mmm
from attribution.errors import BadInput, UnknownChannel
from mmm.data.observed_tests import observe
from mmm.experiments.geo_follow import follow
from mmm.experiments.geo_readout import GeoReadout
from mmm.simulate.geo_test import run_geo_test
from mmm.simulate.geo_world import geo_world

GEOS, WEEKS = 20, 64
CAC = {"tv": 40.0, "search": 20.0}


def table(
    seed: int = 0,
    geos: int = GEOS,
    weeks: int = WEEKS,
    changed: dict[str, tuple[list[int], float]] | None = None,
    spill: float = 0.0,
    noise: float = 0.02,
) -> pd.DataFrame:
    """Customers that spend brings at a fixed cost each on top of organic ones; the last 8 weeks may be changed."""
    rng = np.random.default_rng(seed)
    size = rng.lognormal(0, 0.5, geos)
    season = 1 + 0.2 * np.sin(np.arange(weeks) / 5)
    rows = []
    for geo in range(geos):
        spend = {name: size[geo] * 4000 * season * rng.uniform(0.98, 1.02, weeks) for name in CAC}
        usual = 1000 * size[geo] * season * (1 + noise * rng.normal(size=weeks))
        customers = usual + sum(spend[name] / CAC[name] for name in CAC)
        for name, (inside, change) in (changed or {}).items():
            if geo in inside:
                more = change * spend[name][-8:-4]
                spend[name][-8:-4] += more
                customers[-8:-4] += more / CAC[name]
            elif spill and geo % 2:
                customers[-8:-4] *= 1 + spill
        week = pd.date_range("2025-01-06", periods=weeks, freq="7D")
        rows.append(pd.DataFrame({"week": week, "geo": f"g{geo:02d}", "customers": customers, **spend}))
    return pd.concat(rows, ignore_index=True)


def panel_of(frame: pd.DataFrame) -> mmm.Panel:
    return mmm.Panel.from_frame(frame, "week", "customers", list(CAC), geo="geo")


def design(cells: dict[str, tuple[list[int], float]], geos: int = GEOS) -> mmm.GeoDesign:
    taken = {geo for inside, _ in cells.values() for geo in inside}
    parts = tuple(
        mmm.GeoCell(name, change, tuple(f"g{geo:02d}" for geo in inside)) for name, (inside, change) in cells.items()
    )
    controls = tuple(f"g{geo:02d}" for geo in range(geos) if geo not in taken)
    first = pd.Timestamp("2025-01-06") + pd.Timedelta(weeks=WEEKS - 8)
    return mmm.GeoDesign("test", parts, controls, f"{first:%Y-%m-%d}", f"{first + pd.Timedelta(days=27):%Y-%m-%d}")


def read(cells: dict[str, tuple[list[int], float]], seed: int = 0, spill: float = 0.0) -> GeoReadout:
    return mmm.read_geo_test(panel_of(table(seed, changed=cells, spill=spill)), design(cells))


def failed(found: GeoReadout) -> set[str]:
    return {finding.name for finding in found.findings if not finding.passed}


DARK = {"tv": ([1, 4, 9, 13], -1.0)}
UP = {"tv": ([1, 4, 9, 13], 0.5)}


@pytest.mark.parametrize(("cells", "sign"), [(DARK, -1), (UP, 1)])
def test_a_change_that_brings_customers_is_read_with_its_interval(
    cells: dict[str, tuple[list[int], float]], sign: int
) -> None:
    held, ratios = 0, []
    for seed in range(8):
        found = read(cells, seed).cells[0]
        true = found.spend.change / CAC["tv"]
        held += found.effect.low <= true <= found.effect.high
        ratios.append(found.effect.customers / true)
        assert np.sign(found.effect.customers) == sign
        assert found.differences.low < found.differences.customers < found.differences.high
    assert held >= 6
    assert np.mean(ratios) == pytest.approx(1, abs=0.1)


def test_what_is_added_in_the_test_alone_is_found_whole_and_changes_no_error() -> None:
    kpi = table()
    plain = mmm.read_geo_test(panel_of(kpi), design(DARK)).cells[0]
    added = kpi.copy()
    weeks = sorted(kpi["week"].unique())[-8:-4]
    added.loc[added["week"].isin(weeks) & (added["geo"] == "g04"), "customers"] += 250.0
    more = mmm.read_geo_test(panel_of(added), design(DARK)).cells[0]
    assert more.effect.customers - plain.effect.customers == pytest.approx(1000)
    assert more.effect.standard_error == pytest.approx(plain.effect.standard_error)


def test_tests_of_nothing_keep_their_size() -> None:
    shown, rank = 0, []
    for seed in range(40):
        found = mmm.read_geo_test(panel_of(table(seed, geos=14)), design({"tv": ([3], -1.0)}, 14)).cells[0]
        shown += found.p_value < 0.05
        rank.append(found.rank_p_value)
        assert (found.p_value < 0.05) == (not found.effect.low <= 0 <= found.effect.high)
    assert stats.binomtest(shown, 40, 0.05).pvalue > 0.01
    assert stats.kstest(rank, "uniform").pvalue > 0.01


def test_rows_go_into_a_model_by_geo_and_into_a_national_one() -> None:
    frame = table(2, changed=DARK)
    panel, found = panel_of(frame), read(DARK, 2)
    (own,) = found.lift_tests()
    assert own.spend_change == pytest.approx(-frame[frame["geo"].isin(found.design.cells[0].geos)]
                                             .groupby("week")["tv"].sum().iloc[-4:].sum(), rel=0.2)  # fmt: skip
    observe([own], panel)
    (nation,) = found.national_lift_tests()
    whole = mmm.Panel.from_frame(
        frame.groupby("week", as_index=False)[["customers", "tv", "search"]].sum(), "week", "customers", list(CAC)
    )
    placed = observe([nation], whole)
    assert nation.geo == ""
    assert nation.spend_change > 0  # what the controls had over the geos that were dark
    assert nation.spend_change / nation.customers_gained == pytest.approx(own.spend_change / own.customers_gained)
    rows = slice(*placed.places[0, 1:])
    np.testing.assert_allclose(placed.otherwise[0, rows], 0, atol=2)  # the controls were all that spent


def test_a_national_row_of_more_spend_is_a_hold_out_of_the_controls() -> None:
    (row,) = read(UP, 3).national_lift_tests()
    assert row.spend_change < 0
    assert row.spend_change / row.customers_gained == pytest.approx(CAC["tv"], rel=0.4)


def test_a_window_after_the_test_is_read_as_well() -> None:
    found = read(DARK).cells[0]
    assert found.after is not None
    assert found.after.low <= 0 <= found.after.high  # nothing is carried over here
    cut = table(changed=DARK)
    cut = cut[cut["week"] < sorted(cut["week"].unique())[-4]]
    assert mmm.read_geo_test(panel_of(cut), design(DARK)).cells[0].after is None


@pytest.mark.parametrize("name", ["geo_beside"])
def test_spillover_into_some_controls_is_a_finding_and_widens(name: str) -> None:
    quiet, loud = read(DARK), read(DARK, spill=0.15)
    assert name not in failed(quiet)
    assert name in failed(loud)
    assert loud.cells[0].effect.standard_error > 1.5 * quiet.cells[0].effect.standard_error


def test_other_channels_that_change_with_the_test_are_named() -> None:
    cells = DARK | {"search": (DARK["tv"][0], -0.6)}
    found = mmm.read_geo_test(panel_of(table(changed=cells)), design(DARK))
    (finding,) = [one for one in found.findings if one.name == "geo_other_channels"]
    assert not finding.passed
    assert finding.channels == ("search",)
    assert "geo_other_channels" not in failed(read(DARK))


def test_spend_that_was_not_changed_as_designed_is_a_finding() -> None:
    found = mmm.read_geo_test(panel_of(table(changed={"tv": (DARK["tv"][0], -0.5)})), design(DARK))
    assert "geo_as_designed" in failed(found)
    assert "geo_as_designed" not in failed(read(DARK))


def test_counts_that_are_too_small_and_test_geos_unlike_others_are_findings() -> None:
    frame = table()
    small = frame.assign(customers=np.random.default_rng(0).poisson(frame["customers"] / 2000).astype(float))
    assert "geo_counts" in failed(mmm.read_geo_test(panel_of(small), design(DARK)))
    noisy = frame.copy()
    own = noisy["geo"] == "g01"
    noisy.loc[own, "customers"] *= np.random.default_rng(1).uniform(0.2, 1.8, own.sum())
    assert "geo_unlike" in failed(mmm.read_geo_test(panel_of(noisy), design({"tv": ([1], -1.0)})))
    assert not {"geo_counts", "geo_unlike"} & failed(read(DARK))


def test_something_that_began_before_the_test_is_a_finding() -> None:
    frame = table()
    weeks = sorted(frame["week"].unique())
    early = frame["week"].isin(weeks[-12:-8]) & frame["geo"].isin(["g01", "g04", "g09", "g13"])
    assert "geo_before" in failed(
        mmm.read_geo_test(
            panel_of(frame.assign(customers=frame["customers"].where(~early, frame["customers"] * 1.3))), design(DARK)
        )
    )
    assert "geo_before" not in failed(read(DARK))


def test_cells_that_share_controls_say_so() -> None:
    found = read({"tv": ([1, 4], -1.0), "search": ([7, 9], -1.0)}, 5)
    for rows in (found.lift_tests(), found.national_lift_tests()):
        assert len(rows) == 2
        assert rows[0].correlation(rows[1]) == pytest.approx(max(found.correlation[0, 1], 0.0))
    (alone,) = read(DARK).lift_tests()
    assert (alone.shared_controls, alone.shared_error) == ("", 0.0)
    assert found.correlation.shape == (2, 2)
    assert any(finding.name == "geo_shared_controls" for finding in found.findings)
    assert len(found.to_frame()) == 2


@pytest.mark.parametrize("assign", [mmm.stratified, mmm.matched_pairs])
@pytest.mark.parametrize("shares", [(0.2,), (0.5,), (0.2, 0.2)])
def test_assignments_follow_seed_and_shares(assign: mmm.stratified, shares: tuple[float, ...]) -> None:  # type: ignore[valid-type]
    kpi = panel_of(table()).kpi
    draws = [assign(kpi, shares, np.random.default_rng(seed)) for seed in (1, 1, 2)]  # type: ignore[misc]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert (draws[0] != draws[2]).any()
    for cell, share in enumerate(shares):
        assert abs((draws[0] == cell).sum() - share * GEOS) <= 1
    often = np.mean([assign(kpi, shares, np.random.default_rng(seed)) >= 0 for seed in range(300)], axis=0)  # type: ignore[misc]
    assert (often > 0).all()  # every geo may be drawn


def test_strata_hold_geos_of_like_size() -> None:
    kpi = panel_of(table()).kpi
    order = np.argsort(-kpi.mean(axis=1))
    for seed in range(20):
        drawn = mmm.stratified(kpi, (0.5,), np.random.default_rng(seed))[order]
        assert set((drawn.reshape(10, 2) == 0).sum(axis=1)) == {1}  # one of each two neighbours


def test_a_proposal_is_the_same_for_the_same_seed_and_leaves_out_geos_that_spend_nothing() -> None:
    frame = table()
    frame.loc[frame["geo"].isin(["g00", "g01", "g02"]), "tv"] = 0.0
    panel = panel_of(frame)
    one, same, other = (mmm.propose_geo_test(panel, {"tv": mmm.HOLD_OUT}, 4, seed=seed) for seed in (1, 1, 2))
    assert one.design == same.design
    assert one.design.cells != other.design.cells
    assert not {"g00", "g01", "g02"} & set(one.design.cells[0].geos)
    assert one.design.start == "2026-03-30"
    assert one.design.end == "2026-04-26"
    assert mmm.GeoDesign.from_dict(json.loads(json.dumps(one.design.to_dict()))) == one.design


def test_power_grows_with_the_effect_and_is_four_fifths_at_what_can_be_detected() -> None:
    proposal = mmm.propose_geo_test(panel_of(table()), {"tv": mmm.HOLD_OUT}, 4, seed=1)
    least = proposal.detectable()
    assert proposal.power(least) == pytest.approx(0.8, abs=0.02)
    powers = [proposal.power(times * least) for times in (0.3, 0.6, 1.0, 2.0)]
    assert powers == sorted(powers)
    assert 0.01 <= proposal.size <= 0.12
    dark = mmm.propose_geo_test(panel_of(table()), {"tv": mmm.GO_DARK}, 4, seed=1)
    assert dark.standard_error() / dark.usual() < proposal.standard_error() / proposal.usual()


def test_the_error_as_designed_is_near_the_one_as_read() -> None:
    frame = table(4)
    weeks = sorted(frame["week"].unique())
    proposal = mmm.propose_geo_test(panel_of(frame[frame["week"] < weeks[-4]]), {"tv": mmm.HOLD_OUT}, 4, seed=1)
    found = mmm.read_geo_test(panel_of(frame), proposal.design).cells[0]
    assert found.effect.standard_error == pytest.approx(proposal.standard_error(), rel=0.5)


def test_a_test_in_a_simulated_world_changes_only_its_cells_from_its_first_day() -> None:
    data, truth = geo_world(3, geos=12, weeks=80, channels=3)
    weeks = sorted(data.weekly["week"].unique())
    panel = mmm.Panel.from_frame(
        data.weekly[data.weekly["week"] < weeks[70]], "week", "new_customers", list(data.channels), geo="geo"
    )
    chosen = mmm.propose_geo_test(panel, {data.channels[0]: mmm.HOLD_OUT}, 4, seed=1).design
    changed, gained = run_geo_test(data, truth, chosen)
    old, new = (each.weekly.set_index(["geo", "week"]).sort_index() for each in (data, changed))
    rows = (old != new).any(axis=1)
    assert set(rows[rows].index.get_level_values("geo")) <= set(chosen.cells[0].geos)
    assert rows[rows].index.get_level_values("week").min() == pd.Timestamp(chosen.start)
    assert (gained < 0).all()


BAD = [
    (lambda d: replace(d, end="2025-01-01"), "before"),
    (lambda d: replace(d, controls=(*d.controls, "g01")), "more than once"),
    (lambda d: replace(d, controls=d.controls[:1]), "two controls"),
    (lambda d: replace(d, cells=()), "one cell"),
]


@pytest.mark.parametrize(("change", "said"), BAD)
def test_designs_that_cannot_be_are_refused(change: object, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        change(design(DARK))  # type: ignore[operator]


def test_tables_that_cannot_be_read_say_why() -> None:
    panel, good = panel_of(table(changed=DARK)), design(DARK)
    with pytest.raises(BadInput, match="covers 2025-01-06"):
        mmm.read_geo_test(panel.select(0, WEEKS - 6), good)
    with pytest.raises(BadInput, match="by day"):
        mmm.read_geo_test(panel, replace(good, start="2026-02-04"))
    with pytest.raises(BadInput, match="3 times as many"):
        mmm.read_geo_test(panel.select(WEEKS - 12, WEEKS), good)
    with pytest.raises(BadInput, match="no rows of g99"):
        mmm.read_geo_test(panel, replace(good, controls=(*good.controls, "g99")))
    silent = table()
    weeks = sorted(silent["week"].unique())
    silent.loc[(silent["geo"] == "g01") & (silent["week"] < weeks[-8]), "customers"] = 0.0
    with pytest.raises(BadInput, match="no customers before the test in g01"):
        mmm.read_geo_test(panel_of(silent), good)
    unknown = mmm.read_geo_test(panel, replace(good, cells=(replace(good.cells[0], channel="radio"),)))
    with pytest.raises(BadInput, match="does not know by how much"):
        unknown.lift_tests()


def test_proposals_that_cannot_be_say_why() -> None:
    panel = panel_of(table())
    with pytest.raises(UnknownChannel):
        mmm.propose_geo_test(panel, {"radio": mmm.HOLD_OUT}, 4)
    with pytest.raises(BadInput, match="fewer than 4 times"):
        mmm.propose_geo_test(panel, {"tv": mmm.HOLD_OUT}, 26)
    few = panel_of(table(geos=3))
    with pytest.raises(BadInput, match="3 geos"):
        mmm.propose_geo_test(few, {"tv": mmm.HOLD_OUT}, 4)
    with pytest.raises(BadInput, match="share"):
        mmm.GeoChange("odd", -1.0, 1.5)
    with pytest.raises(BadInput, match="change"):
        mmm.GeoCell("tv", -2.0, ("a",))


def test_the_interval_is_as_wide_as_placebos_in_the_weeks_of_the_test_ask() -> None:
    kpi = panel_of(table()).kpi
    members, controls = np.eye(GEOS)[:1], np.arange(GEOS) > 0
    followed = follow(kpi[:, :56], members, controls, 4)
    shocked = kpi[:, 56:60] * np.random.default_rng(0).uniform(0.8, 1.2, (GEOS, 1))
    times = followed.beside(shocked).times
    assert times > 2
    np.testing.assert_allclose(followed.judged(shocked).spread.error, times * followed.spread.error)
    assert followed.beside(kpi[:, 56:60]).times == 1
